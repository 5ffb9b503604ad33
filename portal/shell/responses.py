"""Files for the browser."""

import mimetypes
from io import BytesIO

from django.http import HttpResponse
from django.utils.http import content_disposition_header

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook_response(book, filename: str) -> HttpResponse:
    """A spreadsheet as a download."""
    body = BytesIO()
    book.save(body)
    return download(body.getvalue(), XLSX, filename)


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


def file_response(name: str, content: bytes) -> HttpResponse:
    """A file that somebody handed in: pictures on the page, the rest as a download; none of them runs anything."""
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    answer = HttpResponse(content, content_type=content_type)
    place = "inline" if content_type in ("image/png", "image/jpeg") else "attachment"
    answer.headers["Content-Disposition"] = (
        content_disposition_header(place == "attachment", name) or "inline"
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
