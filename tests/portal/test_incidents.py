"""What is out of order is told to everybody, in both languages, while it lasts and afterwards."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from portal.incidents import actions as incidents
from portal.incidents.models import Incident, IncidentUpdate
from portal.shell.exceptions import IllegalMove
from tests.city import disturb

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def unasked():
    """The banner is asked twice a minute; every test asks anew, and leaves nothing to the next."""
    cache.clear()
    yield
    cache.clear()


def read(path, **cookies):
    client = Client()
    client.cookies.load(cookies)
    return client.get(path).content.decode()


def tell(incident, city, *, is_over=False, at=None):
    return incidents.tell(
        incident_id=incident.id,
        text="已恢复。",
        text_en="Restored.",
        is_over=is_over,
        by=city.operator,
        at=at or timezone.now(),
    )


def test_a_banner_stands_on_every_page_while_it_lasts(city):
    incident = disturb(city, at=timezone.now() - HOUR)
    during, english = read("/help/"), read("/help/", django_language="en")

    tell(incident, city, is_over=True)
    cache.clear()

    assert "计量延迟" in during and "Metering is late" in english
    assert "计量延迟" not in read("/help/")


def test_planned_work_has_no_banner_before_it_begins_nor_after_its_end(city):
    now = timezone.now()
    disturb(city, kind="maintenance", title="换电池", starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    disturb(city, kind="maintenance", title="换硬盘", starts_at=now - 2 * HOUR, ends_at=now - HOUR)

    assert list(Incident.objects.lasting(now)) == []
    assert [str(one) for one in Incident.objects.coming(now)] == ["换电池"]
    assert [one.state for one in Incident.objects.order_by("starts_at")] == ["over", "planned"]


def test_the_status_page_keeps_what_was_said(city):
    incident = disturb(city, at=timezone.now() - HOUR)
    tell(incident, city, is_over=True)

    page, english = read("/status/"), read("/status/", django_language="en")

    assert page.index("已恢复。") < page.index("正在补算，不会重复计费。")
    assert "Restored." in english and "Being caught up" in english


def test_what_is_over_is_not_told_on(city):
    incident = tell(disturb(city), city, is_over=True)

    with pytest.raises(IllegalMove):
        tell(incident, city)

    assert IncidentUpdate.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [{"ends_at": timezone.now() - 2 * HOUR}, {"kind": "maintenance", "ends_at": None}],
    ids=["ends_before_it_begins", "planned_without_an_end"],
)
def test_the_database_refuses_times_that_make_no_sense(city, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        disturb(city, at=timezone.now(), **wrong)

    assert Incident.objects.count() == 0


def test_the_operator_posts_in_both_languages_and_what_was_typed_stays(city, client):
    client.force_login(city.operator)
    wishes = {
        "kind": "maintenance",
        "title": "升级数据库",
        "parts": ["website", "orders"],
        "starts_at": "2026-12-01T01:00",
        "ends_at": "2026-12-01T03:00",
        "text": "期间不能登录。",
        "text_en": "No sign-in meanwhile.",
    }

    refused = client.post("/incidents/new/", wishes)
    answer = client.post("/incidents/new/", wishes | {"title_en": "Database upgrade"})

    assert refused.status_code == 422 and "升级数据库" in refused.content.decode()
    incident = Incident.objects.get()
    assert answer.headers["Location"] == incident.get_absolute_url()
    assert (incident.parts, incident.state) == (["website", "orders"], "planned")


def test_the_status_page_does_not_call_all_well_while_something_lasts(city):
    before = read("/status/")

    incident = disturb(city, at=timezone.now() - HOUR)
    during = read("/status/")
    tell(incident, city, is_over=True)

    assert "全部服务正常" in before
    assert "部分服务不正常" in during
    assert "全部服务正常" in read("/status/")
