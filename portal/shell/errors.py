"""Pages for the bad moments. None of them touches the database."""

from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from rest_framework import exceptions

from portal.shell.api import PROBLEM, problem_body
from portal.shell.city import city

# What a program reads when it is turned away before any view of the API is asked.
PROBLEMS = {
    400: exceptions.ParseError,
    403: exceptions.PermissionDenied,
    404: exceptions.NotFound,
    500: exceptions.APIException,
}


def page(request, status: int, **facts) -> HttpResponse:
    """The designed page of one status; `facts` say what happened and what to do."""
    if request.path.startswith("/api/") and status in PROBLEMS:
        problem = PROBLEMS[status]
        body = problem_body(request, status=status, code=problem.default_code, title=problem.default_detail)
        return JsonResponse(body, status=status, content_type=PROBLEM)
    other = "zh-hans" if (get_language() or "").startswith("en") else "en"
    body = render_to_string(
        f"errors/{status}.html",
        {
            "city": city(),
            "status": status,
            "request_id": getattr(request, "id", ""),
            "path": request.path,
            "other_language": other,
            "theme": request.COOKIES.get("theme", "auto"),
            "text": request.COOKIES.get("text", "normal"),
            "contrast": request.COOKIES.get("contrast", ""),
            **facts,
        },
    )
    return HttpResponse(body, status=status)


def bad_request(request, exception=None):
    return page(request, 400)


def permission_denied(request, exception=None):
    """Names the permission that is missing and who can give it, when the caller said so."""
    return page(
        request,
        403,
        roles=getattr(exception, "roles", ()),
        reason=str(exception or ""),
        action=getattr(exception, "action", ""),
    )


def not_found(request, exception=None):
    return page(request, 404)


def server_error(request):
    return page(request, 500)


def conflict(request, message="", changes=(), back=""):
    """Somebody else was faster: what changed, and the way back to the fresh page."""
    return page(request, 409, message=message, changes=changes, back=back or request.path)


def too_many(request, retry_after: int):
    """The door opens again in `retry_after` seconds."""
    response = page(request, 429, retry_after=retry_after)
    response["Retry-After"] = str(retry_after)
    return response


def too_many_tries(request):
    """allauth's counters run by the minute."""
    return too_many(request, 60)


def locked(request, retry_after: int):
    """Too many wrong tries have closed an account; it opens again by itself."""
    response = page(request, 429, retry_after=retry_after, minutes=-(-retry_after // 60), is_locked=True)
    response["Retry-After"] = str(retry_after)
    return response


def csrf_failure(request, reason=""):
    """The form came from an expired session; nothing was changed."""
    return page(request, 403, is_expired_form=True)
