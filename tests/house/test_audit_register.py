"""The record's vocabulary is closed: a word nobody registered cannot be written, a word nobody writes is taken out."""

import ast
import re

import pytest

from config.translations import ROOT
from portal.audit import actions as audit
from portal.audit.models import Event
from portal.audit.register import EVENTS

NAMES = {
    "account": "disabled email_added email_changed email_confirmed email_removed enabled factor_added first_administrator"
    " factor_removed idle_warned locked news_chosen other_stays_ended password_changed password_reset password_set phone_verified"
    " factors_reset recovery_codes_renewed refused_place reset_proposed reset_refused sign_in_failed signed_in signed_out signed_up stay_ended timed_out unlocked",
    "adjustment": "decided proposed",
    "alarm": "raised",
    "application": "connected disconnected networks_changed rotated",
    "approval": "approved rejected requested",
    "audit": "evidence_taken exported searched verified",
    "backup": "failed taken",
    "bank": "assigned day_closed explained refused taken",
    "bill": "issued paid posted refund_asked refund_given refund_refused released reminded stopped suspended",
    "books": "anchored",
    "credit": "in_force proposed refused",
    "difference": "explained",
    "device_login": "consented refused",
    "export": "requested taken",
    "invoice": "issued refused requested",
    "incident": "posted told",
    "price": "approved drafted published refused submitted withdrawn",
    "order": "approved billed cancel_requested cancelled confirmed expired placed refunded rejected started",
    "city_system": "code_replayed connected consent_withdrawn consented disconnected rotated",
    "member": "changed expired granted invitation_withdrawn invited joined withdrawn",
    "organization": "founded onboarded second_factor_asked",
    "payment": "cancelled closed failed opened paid parked webhook_refused",
    "personal": "revealed",
    "policy": "published",
    "programme": "published",
    "project": "budget_reached changed opened",
    "receipt": "recorded",
    "refund": "agreed asked done due failed refused sent_again",
    "review": "closed opened",
    "payout": "approved failed file_taken paid proposed refused returned",
    "payout_account": "decided proposed",
    "statement": "closed confirmed disputed received released resolved retention_released",
    "terms": "decided proposed",
    "token": "issued networks_changed revoked rotated",
    "verification": "decided submitted",
    "voucher": "expired issued",
    "webhook": "created removed resent revised rotated switched_off switched_on tested",
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


# Where something begins, or where somebody only looked, came or went: there is nothing before.
NOTHING_BEFORE = [
    "account.email_added",
    "account.refused_place",
    "account.reset_proposed",
    "account.reset_refused",
    "adjustment.proposed",
    "alarm.raised",
    "backup.failed",
    "backup.taken",
    "bank.day_closed",
    "bank.refused",
    "bank.taken",
    "books.anchored",
    "city_system.code_replayed",
    "credit.proposed",
    "invoice.requested",
    "city_system.connected",
    "city_system.consented",
    "device_login.consented",
    "device_login.refused",
    "account.email_confirmed",
    "account.email_removed",
    "account.first_administrator",
    "account.idle_warned",
    "account.factor_added",
    "account.factor_removed",
    "account.first_administrator",
    "account.idle_warned",
    "account.locked",
    "account.other_stays_ended",
    "account.password_changed",
    "account.password_reset",
    "account.password_set",
    "account.recovery_codes_renewed",
    "account.sign_in_failed",
    "account.signed_in",
    "account.signed_out",
    "account.signed_up",
    "account.stay_ended",
    "account.timed_out",
    "account.unlocked",
    "application.connected",
    "approval.requested",
    "audit.evidence_taken",
    "audit.exported",
    "audit.searched",
    "audit.verified",
    "bill.issued",
    "bill.posted",
    "bill.refund_asked",
    "export.requested",
    "export.taken",
    "incident.posted",
    "member.granted",
    "member.invited",
    "member.joined",
    "order.placed",
    "organization.founded",
    "organization.onboarded",
    "payment.opened",
    "payment.webhook_refused",
    "personal.revealed",
    "account.idle_warned",
    "account.first_administrator",
    "payout.file_taken",
    "payout.proposed",
    "payout_account.proposed",
    "policy.published",
    "programme.published",
    "project.budget_reached",
    "project.opened",
    "receipt.recorded",
    "refund.asked",
    "refund.due",
    "review.opened",
    "statement.closed",
    "terms.proposed",
    "token.issued",
    "voucher.issued",
    "webhook.created",
    "webhook.tested",
]
# The row is gone afterwards.
NOTHING_AFTER = ["member.expired", "member.withdrawn"]


def calls() -> list[tuple[str, set]]:
    """Each call of `audit.record` with a name in it, and the details it always gives; `*` stands for a status."""
    found = []
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or ast.unparse(node.func) != "audit.record":
                    continue
                name = node.args[1]
                given = {keyword.arg for keyword in node.keywords}
                if isinstance(name, ast.Constant):
                    found.append((name.value, given))
                elif isinstance(name, ast.JoinedStr):
                    found.append((ast.unparse(name), given))
    return found


def test_whatever_changes_a_row_says_what_was_before_and_after():
    wrong = [
        name
        for name, given in calls()
        if name not in NOTHING_BEFORE
        and not ({"before"} if name in NOTHING_AFTER else {"before", "after"}) <= given
    ]

    assert wrong == []
    assert set(NOTHING_BEFORE) | set(NOTHING_AFTER) <= set(EVENTS)


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
