"""Every method of the API says which scope it needs; what says nothing is shut, and what is open to everybody is listed."""

import pytest
from django.urls import URLPattern, URLResolver
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from config.api_urls import urlpatterns
from portal.shell.scopes import ANY_SCOPE
from portal.tokens.authentication import HasScope
from portal.tokens.scopes import SCOPES

# Whoever has no key yet asks for one with a password; the document and its page are read by everybody.
ASK_OTHERWISE = {"tokens/", "schema/", "reference/"}
OPEN_TO_EVERYBODY = {
    ("plans/", "get"),
    ("plans/<code>/", "get"),
    ("accelerators/", "get"),
    # A program that has no key yet.
    ("device-logins/", "post"),
    ("device-logins/key/", "post"),
}
METHODS = ("get", "post", "put", "patch", "delete")


def views(patterns=urlpatterns, prefix=""):
    for pattern in patterns:
        route = prefix + str(pattern.pattern).replace("<str:code>", "<code>")
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route not in ASK_OTHERWISE:
            yield route, pattern.callback.view_class


VIEWS = dict(views())


@pytest.mark.parametrize("route", VIEWS)
def test_every_method_names_its_scope_and_no_scope_is_without_its_method(route):
    view = VIEWS[route]

    assert set(view.scopes) == {method.upper() for method in METHODS if hasattr(view, method)}
    assert set(view.scopes.values()) <= {None, ANY_SCOPE, *SCOPES}
    assert view.permission_classes == [HasScope]


def test_what_is_open_to_everybody_is_listed():
    found = {
        (route, name.lower())
        for route, view in VIEWS.items()
        for name, scope in view.scopes.items()
        if scope is None
    }

    assert found == OPEN_TO_EVERYBODY


@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_names_no_scope_is_shut(method):
    class Forgotten(APIView):
        scopes: dict[str, str] = {}

    setattr(Forgotten, method, lambda self, request: None)
    request = Request(getattr(APIRequestFactory(), method)("/"))

    assert HasScope().has_permission(request, Forgotten()) is False
