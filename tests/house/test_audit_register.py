"""The record's vocabulary is closed: a word nobody registered cannot be written, a word nobody writes is taken out."""

import re

import pytest

from config.translations import ROOT
from portal.audit import actions as audit
from portal.audit.models import Event
from portal.audit.register import EVENTS

NAMES = {
    "account": "disabled email_added email_changed email_confirmed email_removed enabled factor_added"
    " factor_removed locked other_stays_ended password_changed password_reset password_set"
    " recovery_codes_renewed sign_in_failed signed_in signed_out signed_up stay_ended timed_out unlocked",
    "approval": "approved rejected requested",
    "audit": "evidence_taken exported searched verified",
    "bill": "posted",
    "order": "billed cancel_requested cancelled confirmed expired placed refunded rejected started",
    "member": "changed expired granted invitation_withdrawn invited joined withdrawn",
    "organization": "founded onboarded",
    "personal": "revealed",
    "policy": "published",
    "programme": "published",
    "project": "changed opened",
    "receipt": "recorded",
    "review": "closed opened",
    "statement": "closed",
    "token": "issued revoked",
    "voucher": "expired issued",
    "workload": "accepted cancel_requested cancelled failed lost overran succeeded",
}
FLOORS = ("portal", "federation", "scheduler", "marketplace", "subsidies", "maas", "ops", "config")
RECORDED = re.compile(r"""audit\.record\(\s*[\w.]+,\s*(f?)"([^"]+)\"""")


def written() -> set[tuple[bool, str]]:
    """Every name in the product's calls of `audit.record`; True marks one whose end is a status."""
    files = [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    return {
        (bool(is_open), name.split("{")[0])
        for path in files
        for is_open, name in RECORDED.findall(path.read_text())
    }


def test_the_whole_vocabulary():
    assert set(EVENTS) == {f"{subject}.{deed}" for subject, deeds in NAMES.items() for deed in deeds.split()}


def test_every_name_that_the_product_writes_is_registered():
    assert {name for is_open, name in written() if not is_open} <= set(EVENTS)


def test_every_registered_name_is_written_somewhere():
    from portal.entrance.receivers import FACTORS
    from portal.entrance.receivers import NAMES as HEARD

    known = written()
    starts = tuple(name for is_open, name in known if is_open)
    whole = {name for is_open, name in known if not is_open} | set(HEARD.values()) | set(FACTORS.values())

    assert [name for name in EVENTS if name not in whole and not name.startswith(starts)] == []


def test_an_unregistered_name_is_refused_and_nothing_is_written(city):
    before = Event.objects.count()

    with pytest.raises(audit.UnregisteredEvent):
        audit.record(city.lab, "project.burned", by=city.alice)

    assert Event.objects.count() == before
