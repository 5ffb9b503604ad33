"""How the API speaks: problems, and who was faster."""

import hashlib
import re
import uuid

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from portal.shell import keys
from portal.shell.exceptions import Refusal

PROBLEM = "application/problem+json"


class Changed(Refusal):
    """Somebody was faster: it is no longer what the caller had read."""

    status = 412
    code = "changed_meanwhile"


def etag_of(content: bytes) -> str:
    """The name of exactly this representation."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def names(header: str, etag: str) -> bool:
    """Does a caller's If-Match or If-None-Match name this one? Compressing makes a tag weak, not another."""
    return any(given in ("*", etag) for given in (tag.removeprefix("W/") for tag in parse_etags(header)))


def is_rehearsal(request) -> bool:
    """Does the caller only want to know what would happen, or show a key that may do no more?"""
    return request.GET.get("dry_run") == "true" or keys.is_for_tests(keys.shown_in(request))


def idempotency_key(request) -> str:
    """The caller's own name for what must happen once; what is undone at once needs none."""
    if is_rehearsal(request):
        return uuid.uuid4().hex
    key = request.headers.get("Idempotency-Key", "")
    if not 1 <= len(key) <= 255:
        raise exceptions.ValidationError(
            {"Idempotency-Key": _("请在请求头提供 1–255 个字符的 Idempotency-Key。")}
        )
    return key


def replay_of(done_at, now) -> dict:
    """The header of an answer to a key whose deed was done before `now`."""
    return {} if done_at == now else {"Idempotent-Replayed": "true"}


def expect_unchanged(request, read) -> None:
    """Stop here if the caller's If-Match names something else than what `read()` finds now, its row locked."""
    header = request.headers.get("If-Match", "")
    if header and not names(header, etag_of(JSONRenderer().render(read()))):
        raise Changed(_("对象已被他人更改，请重新读取后再提交。"))


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
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
        return problem_response(
            request, status=error.status, code=error.code, title=error.message, errors=errors, headers=headers
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
    if isinstance(error, exceptions.Throttled):
        words = _("请求过于频繁，请在 %(seconds)d 秒后再试。") % {"seconds": error.wait or 1}
        error.detail = exceptions.ErrorDetail(words, error.default_code)
    code = error.get_codes() if isinstance(error.get_codes(), str) else _snake(type(error).__name__)
    headers = {k: v for k, v in response.headers.items() if k in ("WWW-Authenticate", "Retry-After", "Allow")}
    return problem_response(
        request, status=response.status_code, code=code, title=error.detail, headers=headers
    )
