"""What every answer goes through. Apart from `middleware`, which logging reads before Django is ready."""

from django.http import HttpResponseNotModified

from portal.shell import errors, limits
from portal.shell.api import etag_of, names


class Allowance:
    """Pages are for people: so many a minute for each of them, and for each address that shows nobody.

    The API counts for itself once it knows whose key was shown; its answers say here what is left.
    """

    UNCOUNTED = ("/healthz", "/readyz", "/metrics", "/static/")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.standings = []
        if not request.path.startswith(("/api/", *self.UNCOUNTED)):
            person = request.user.pk
            address = None if person else limits.address_of(request)
            request.standings = limits.take(person=person, address=address)
        seconds = limits.wait(request.standings)
        response = errors.too_many(request, seconds) if seconds else self.get_response(request)
        if request.path.startswith("/api/") or seconds:
            for name, value in limits.fields(request.standings).items():
                response[name] = value
        return response


class Revalidation:
    """A program that has read this very answer before is told so, and nothing is sent twice."""

    KEPT = ("Cache-Control", "Content-Language", "ETag", "Vary")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        is_answer = request.path.startswith("/api/") and request.method == "GET"
        if not is_answer or response.status_code != 200 or response.streaming:
            return response
        response["ETag"] = etag_of(response.content)
        response.setdefault("Cache-Control", "private, no-cache")
        if names(request.headers.get("If-None-Match", ""), response["ETag"]):
            kept = {name: response[name] for name in self.KEPT if response.has_header(name)}
            response = HttpResponseNotModified(headers=kept)
        return response
