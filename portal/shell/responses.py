"""Files for the browser."""

from io import BytesIO

from django.http import HttpResponse

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
