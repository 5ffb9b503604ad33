"""How the API speaks: problems, pages, and who may come in."""

import re

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from portal.shell.exceptions import Refusal

PROBLEM = "application/problem+json"


class CursorPages(CursorPagination):
    """Newest first; `?limit=` up to 200; follow `next`."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
    ordering = "-id"

    def decode_cursor(self, request):
        cursor = super().decode_cursor(request)
        if cursor and cursor.position and not cursor.position.isdecimal():
            raise exceptions.NotFound(self.invalid_cursor_message)
        return cursor


def _errors(detail, pointer=""):
    if isinstance(detail, dict):
        return [e for key, value in detail.items() for e in _errors(value, f"{pointer}/{key}")]
    if isinstance(detail, list):
        return [e for value in detail for e in _errors(value, pointer)]
    return [{"pointer": pointer or "/", "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def problem_body(request, *, status, code, title, errors=()) -> dict:
    """An RFC 9457 body: what is wrong and what to do, in the reader's language."""
    body = {
        "type": f"urn:public-compute:problem:{code}",
        "title": str(title),
        "status": status,
        "code": code,
        "instance": request.path,
        "request_id": getattr(request, "id", ""),
    }
    if errors:
        body["errors"] = list(errors)
    return body


def problem_response(request, *, headers=None, **facts) -> Response:
    """The same as DRF's answer."""
    return Response(
        problem_body(request, **facts), status=facts["status"], headers=headers, content_type=PROBLEM
    )


def problem(error, context):
    """DRF's exception handler: every error leaves the house as problem+json."""
    request = context["request"]._request
    if isinstance(error, Refusal):
        set_rollback()
        errors = (
            [{"pointer": f"/{error.field}", "code": error.code, "detail": str(error.message)}]
            if error.field
            else []
        )
        return problem_response(
            request, status=error.status, code=error.code, title=error.message, errors=errors
        )
    if isinstance(error, Http404):
        error = exceptions.NotFound(_("没有找到，或您无权查看。"))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(str(error) or None)
    elif isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError()
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        return problem_response(
            request,
            status=422,
            code="invalid",
            title=_("提交的内容有误，请按 errors 中的说明修改后重试。"),
            errors=_errors(error.detail),
        )
    code = error.get_codes() if isinstance(error.get_codes(), str) else _snake(type(error).__name__)
    headers = {k: v for k, v in response.headers.items() if k in ("WWW-Authenticate", "Retry-After", "Allow")}
    return problem_response(
        request, status=response.status_code, code=code, title=error.detail, headers=headers
    )
