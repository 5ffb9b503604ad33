"""Who watches the machine sees durations, the rows' own numbers, and one name from the request to the cluster."""

import json
import logging
import logging.config
import os
import subprocess
import sys

import httpx
import pytest
from django.conf import settings
from django.utils import timezone

from federation.adapters.ray import RayAdapter
from portal.audit.models import Event
from portal.shell.middleware import current_request_id
from scheduler.dispatch import tasks as dispatch
from scheduler.workloads.models import Workload
from tests import city as town
from tests.city import place
from tests.entrance import BACKEND


@pytest.fixture
def city(db):
    return town.found(at=timezone.now())


NAME = "browser-request-0001"


def numbers(client, **headers) -> dict[str, float]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


@pytest.mark.django_db
def test_the_rows_speak_for_themselves(client, city):
    place(city, at=timezone.now())

    seen = numbers(client)

    assert seen['portal_open_workloads{status="queued"}'] == 1
    assert seen['portal_open_orders{status="confirmed"}'] == 1
    assert seen['portal_cards{kind="held"}'] == 8
    assert seen["portal_unsealed_events"] == Event.objects.filter(seal=None).count() > 0
    assert seen['portal_cluster_state{cluster="unicom-jimei",state="online"}'] == 1


@pytest.mark.django_db
def test_every_answer_is_counted_by_its_pattern(client, city):
    where = 'portal_request_seconds_count{method="GET",route="marketplace/plans/<code>/",status="200"}'
    before = numbers(client).get(where, 0)

    client.get("/marketplace/plans/unicom-h800/")

    assert numbers(client)[where] == before + 1


@pytest.mark.django_db
def test_strangers_do_not_learn_that_there_are_numbers(client, settings):
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    assert client.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"}).status_code == 404

    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 404
    assert numbers(client, authorization="Bearer secret")


def test_log_lines_are_one_object_each():
    formatter = logging.config.DictConfigurator(settings.LOGGING)
    made = formatter.configure_formatter(dict(settings.LOGGING["formatters"]["json"]))
    record = logging.LogRecord("portal", logging.INFO, "", 0, "集群 %s", ("unicom",), None)
    record.request_id = NAME
    record.status = 200

    line = json.loads(made.format(record))

    assert line.pop("time")
    assert line == {
        "level": "INFO", "logger": "portal", "request_id": NAME, "message": "集群 unicom", "status": 200,
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["invitations", "account/first"])
def test_a_log_line_holds_the_pattern_and_never_the_secret_in_an_address(client, caplog, place):
    with caplog.at_level(logging.INFO, logger="portal.requests"):
        client.get(f"/{place}/very-secret/")

    lines = [vars(record) for record in caplog.records if record.name == "portal.requests"]
    assert [line["route"] for line in lines] == [f"{place}/<secret>/"]
    assert "very-secret" not in str(lines)


@pytest.mark.django_db
def test_one_name_leads_from_the_request_to_the_cluster(client, city, caplog, settings):
    heard = []

    def answer(request):
        heard.append(request.headers["X-Request-Id"])
        return httpx.Response(503)

    settings.CLUSTER_ADAPTERS = {"simulated": "tests.config.test_observation.connect"}
    globals()["connect"] = lambda cluster, clock: RayAdapter(
        "http://ray.test", transport=httpx.MockTransport(answer)
    )
    client.force_login(city.bob, backend=BACKEND)
    body = {
        "plan": "unicom-h800",
        "project": "PJ-LUDAO-LAB",
        "cards": 1,
        "hours": "1",
        "command": "python t.py",
    }

    placed = client.post(
        "/api/v1/orders/", body, content_type="application/json",
        headers={"idempotency-key": "k", "x-request-id": NAME},
    )  # fmt: skip
    with caplog.at_level(logging.INFO, logger="scheduler.dispatch.tasks"):
        seen = []
        caplog.handler.addFilter(lambda record: seen.append(current_request_id.get()) or True)
        dispatch.submit_queued_workloads()

    assert placed.status_code == 201
    assert placed.headers["X-Request-Id"] == NAME
    assert Workload.objects.get().request_id == NAME
    assert set(heard) == {NAME}
    assert NAME in seen
    assert set(Event.objects.filter(name="order.placed").values_list("request_id", flat=True)) == {NAME}


TRACED = """
import os
os.environ.pop("OTEL_EXPORTER_OTLP_ENDPOINT", None)
import django
django.setup()
from config import tracing
assert tracing.start() is None
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
kept = InMemorySpanExporter()
tracing.trace_to(SimpleSpanProcessor(kept))
from django.test import Client
assert Client(SERVER_NAME="127.0.0.1").get("/healthz", headers={"x-request-id": "browser-request-0001"}).status_code == 200
for span in kept.get_finished_spans():
    print(span.name, span.attributes["portal.request_id"], span.resource.attributes["service.name"])
"""


def test_traces_name_the_request_and_stay_off_without_a_collector():
    """In a process of its own, because instrumenting is for good."""
    result = subprocess.run(
        [sys.executable, "-c", TRACED], capture_output=True, text=True, check=False, cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
    )  # fmt: skip

    assert result.stdout.splitlines() == [f"GET healthz {NAME} public-compute"], result.stderr[-2000:]
