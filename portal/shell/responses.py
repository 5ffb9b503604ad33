"""Files for the browser."""

import mimetypes
from io import BytesIO

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from portal.shell.pdf import Paper, pdf

PICTURES = ("image/png", "image/jpeg")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook_response(book, filename: str) -> HttpResponse:
    """A spreadsheet as a download."""
    body = BytesIO()
    book.save(body)
    return download(body.getvalue(), XLSX, filename)


def paper_response(paper: Paper) -> HttpResponse:
    """A paper as a PDF download."""
    return download(pdf(paper), "application/pdf", f"{paper.code}.pdf")


def download(content: bytes, content_type: str, filename: str) -> HttpResponse:
    """Any file as a download."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def attachment(name: str, content: bytes) -> HttpResponse:
    """Something that somebody handed in: saved, never shown, so that nothing in it acts on our pages."""
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def picture(name: str, content: bytes) -> HttpResponse:
    """A picture that somebody handed in, to be looked at on a page; anything else is only a download."""
    response = attachment(name, content)
    content_type = mimetypes.guess_type(name)[0]
    if content_type in PICTURES:
        response["Content-Type"] = content_type
        response["Content-Disposition"] = "inline"
    return response
