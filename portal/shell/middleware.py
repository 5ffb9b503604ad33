"""One name for one request, from the browser to the last log line."""

import logging
import re
import time
import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpResponse

from portal.shell import measures

current_request_id: ContextVar[str] = ContextVar("request_id", default="-")
log = logging.getLogger("portal.requests")
ACCEPTABLE = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class RequestId:
    """Takes X-Request-Id from the caller or makes one, and gives it back."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-Id", "")
        request.id = given if ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
        token = current_request_id.set(request.id)
        try:
            response = self.get_response(request)
        finally:
            current_request_id.reset(token)
        response["X-Request-Id"] = request.id
        return response


def named_request_id() -> str:
    """The present request's id for a row that goes on with it; empty outside of any."""
    return "" if current_request_id.get() == "-" else current_request_id.get()


@contextmanager
def continuing(request_id: str):
    """Within this block we go on with what a request began, under its name."""
    token = current_request_id.set(request_id or current_request_id.get())
    try:
        yield
    finally:
        current_request_id.reset(token)


class Measured:
    """One line and one measurement for each answer; addresses are written as patterns, because some hold secrets."""

    QUIET = ("healthz", "readyz", "metrics")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        match = request.resolver_match
        route = match.route if match else "unknown"
        measures.REQUESTS.labels(route, request.method, response.status_code).observe(seconds)
        if route not in self.QUIET:
            # Only who is known already: a log line asks the database nothing.
            user = getattr(request, "_cached_user", None)
            more = {
                "method": request.method,
                "route": route,
                "code": match.kwargs.get("code", "") if match else "",
                "status": response.status_code,
                "milliseconds": round(seconds * 1000, 1),
                "user": user.username if user and user.is_authenticated else "",
            }
            log.info("%s %s %s", request.method, route, response.status_code, extra=more)
        return response


class ProgramsSpeakTls:
    """A program that sends its key in the clear is told so; leading it on to https would hide the mistake."""

    PATHS = ("/api/", "/oauth/")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if settings.SECURE_SSL_REDIRECT and not request.is_secure() and request.path.startswith(self.PATHS):
            return HttpResponse("https only", status=403, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


class HostCookies:
    """Over https every cookie of ours bears `__Host-`: a neighbour under the same domain can neither set nor read it."""

    PREFIX = "__Host-"

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not settings.IS_HTTPS:
            return self.get_response(request)
        # The house goes on calling them by their short names; what came without the prefix is anybody's.
        named = {name: value for name, value in request.COOKIES.items() if name.startswith(self.PREFIX)}
        request.COOKIES = named | {name.removeprefix(self.PREFIX): value for name, value in named.items()}
        response = self.get_response(request)
        for name in [name for name in response.cookies if not name.startswith(self.PREFIX)]:
            cookie = response.cookies.pop(name)
            response.cookies[self.PREFIX + name] = cookie.value
            response.cookies[self.PREFIX + name].update(cookie | {"secure": True, "path": "/", "domain": ""})
        return response


class NoNullCharacters:
    """No row can hold U+0000, so no address and no cookie may look for it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        asked = (request.path_info, unquote(request.META.get("QUERY_STRING", "")), *request.COOKIES.values())
        if any("\0" in text for text in asked):
            raise BadRequest
        return self.get_response(request)


class ProtectiveHeaders:
    """What a browser may not do with our pages, and that no cache keeps what a signed-in person saw."""

    HEADERS = {
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    }

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in self.HEADERS.items():
            response.headers.setdefault(name, value)
        name = settings.SESSION_COOKIE_NAME
        if name in request.COOKIES:
            response.headers["Cache-Control"] = "private, no-store"
        if name in response.cookies and not response.cookies[name].value:
            # The stay is over: the browser forgets the pages it has seen.
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


class RequestIdFilter(logging.Filter):
    def filter(self, record):
        record.request_id = current_request_id.get()
        return True
