"""An operation that will end says so, long before, in every answer and in the document."""

from datetime import UTC, datetime

import pytest
from django.test import override_settings
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from rest_framework.response import Response

from portal.shell.retirement import Retirement, Retiring


class OldPlans(Retiring):
    """What programs used to read."""

    scopes = {"GET": None, "POST": "orders:write"}
    retirement = Retirement(
        since=datetime(2026, 11, 21, 4, tzinfo=UTC),
        sunset=datetime(2027, 5, 21, 4, tzinfo=UTC),
        successor="/api/v1/plans/",
    )

    def get(self, request):
        return Response([], headers={"Link": '</next>; rel="next"'})

    def post(self, request):
        return Response([])


old = [path("api/v1/old-plans/", OldPlans.as_view())]
urlpatterns = [*old, path("", include("config.urls"))]


@pytest.fixture
def http(client, db):
    with override_settings(ROOT_URLCONF=__name__):
        yield client


@pytest.mark.parametrize(("ask", "status"), [("get", 200), ("post", 401)])
def test_every_answer_says_since_when_and_until_when(http, ask, status):
    answer = getattr(http, ask)("/api/v1/old-plans/")

    assert answer.status_code == status
    assert answer["Deprecation"] == "@1795233600"
    assert answer["Sunset"] == "Fri, 21 May 2027 04:00:00 GMT"
    assert '</api/v1/plans/>; rel="successor-version"' in answer["Link"]
    assert ('</next>; rel="next"' in answer["Link"]) == (status == 200)


def test_other_operations_say_nothing_of_an_end(http):
    answer = http.get("/api/v1/plans/")

    assert not {"Deprecation", "Sunset"} & set(answer.headers)


def test_the_document_and_the_reference_say_it_too(http, monkeypatch):
    document = SchemaGenerator(patterns=urlpatterns).get_schema(request=None, public=True)
    operation = document["paths"]["/api/v1/old-plans/"]["get"]
    monkeypatch.setattr("config.api_reference.document", lambda language: document)

    page = http.get("/api/v1/reference/").content.decode()

    assert (operation["deprecated"], operation["x-sunset"]) == (True, "2027-05-21T04:00:00+00:00")
    assert "deprecated" not in document["paths"]["/api/v1/plans/"]["get"]
    assert "将于 2027-05-21 停用，请改用 /api/v1/plans/" in page
