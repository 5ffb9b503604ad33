"""Every deed × every kind of visitor: whoever is not named here is turned away, and nothing stands on the record."""

import pytest
from django.db import transaction

from tests.house.deeds import DEEDS
from tests.house.test_audit_census import census, news_of, visit  # noqa: F401
from tests.house.test_pages import DISABLED, PEOPLE

# A person's own account is changed by whoever is signed in as that person: no role decides about it.
ONES_OWN = ("accounts/", "account/", "oauth/", "i18n/")
TRIED = [d for d in DEEDS if d.by != "nobody" and not d.headers and not d.route.startswith(ONES_OWN)]
VISITORS = [name for name in PEOPLE.split() if name not in ("anonymous", DISABLED)]

EVERYBODY = " ".join(VISITORS)
# Who does it: an address with a code is Ludao's own, without one everybody acts for their own organisation.
MAY = {
    "lists/<code>/exports/ export.requested": "alice bob fiona charlie wendy officer siming auditor operator finance",
    "organization/join/ organization.founded+project.opened": "alice bob fiona charlie wendy unicom baidu",
    "organization/projects/new/ project.opened": "alice charlie wendy",
    "organization/projects/<code>/ project.changed": "alice",
    "bills/refunds/ bill.refund_asked+approval.requested": "finance",
    "bills/<code>/pay/ bill.paid": "alice fiona",
    "api/v1/monthly-bills/<code>/payment/ bill.paid": "alice fiona",
    "organization/projects/<code>/budget/ project.changed": "alice fiona",
    "notices/settings/ account.news_chosen": EVERYBODY,
    "incidents/new/ incident.posted": "operator",
    "incidents/<code>/ incident.told": "operator",
    "webhooks/ webhook.created": "alice charlie wendy unicom baidu",
    "webhooks/<code>/revise/ webhook.revised": "alice",
    "webhooks/<code>/rotate/ webhook.rotated": "alice",
    "webhooks/<code>/test/ webhook.tested": "alice",
    "webhooks/<code>/switch/ webhook.switched_off": "alice",
    "webhooks/<code>/remove/ webhook.removed": "alice",
    "webhooks/deliveries/<code>/resend/ webhook.resent": "alice",
    "api/v1/webhooks/ webhook.created": "alice charlie wendy unicom baidu",
    "api/v1/webhooks/<code>/revision/ webhook.revised": "alice",
    "api/v1/webhooks/<code>/rotation/ webhook.rotated": "alice",
    "api/v1/webhooks/<code>/test/ webhook.tested": "alice",
    "api/v1/webhooks/<code>/pause/ webhook.switched_off": "alice",
    "api/v1/webhooks/<code>/resumption/ webhook.switched_on": "alice",
    "api/v1/webhooks/<code>/removal/ webhook.removed": "alice",
    "members/invite/ member.invited": "alice charlie wendy",
    "members/onboard/ organization.onboarded": "operator",
    "members/onboard/<code>/invite/ member.invited": "operator",
    "members/invitations/<code>/withdraw/ member.invitation_withdrawn": "alice",
    "invitations/<secret>/ member.joined": "bob",
    "members/<code>/ member.changed": "alice",
    "members/<code>/stand-in/ member.granted": "alice",
    "members/<code>/withdraw/ member.withdrawn": "alice",
    "members/reviews/<code>/ review.closed": "alice",
    "organization/verification/ verification.submitted": "charlie",
    "verifications/<code>/decide/ verification.decided": "operator",
    "organization/second-factor/ organization.second_factor_asked": "alice charlie wendy unicom baidu",
    "city-systems/ city_system.connected": "sysadmin",
    "city-systems/<code>/rotate/ city_system.rotated": "sysadmin",
    "city-systems/<code>/disconnect/ city_system.disconnected": "sysadmin",
    "city-systems/mine/<code>/withdraw/ city_system.consent_withdrawn": "bob",
    "people/factor-resets/ account.reset_proposed": "sysadmin security auditadmin",
    "people/factor-resets/<code>/confirm/ account.factors_reset": "sysadmin auditadmin",
    "people/factor-resets/<code>/refuse/ account.reset_refused": "sysadmin auditadmin",
    "tokens/ token.issued": EVERYBODY,
    "applications/ application.connected": "alice charlie wendy sysadmin unicom baidu",
    "applications/<code>/rotate/ application.rotated": "alice",
    "applications/<code>/networks/ application.networks_changed": "alice",
    "applications/<code>/disconnect/ application.disconnected": "alice",
    "tokens/device/ device_login.consented": EVERYBODY,
    "tokens/device/ device_login.refused": EVERYBODY,
    "tokens/<code>/rotate/ token.rotated": "bob",
    "tokens/<code>/networks/ token.networks_changed": "bob",
    "tokens/<code>/revoke/ token.revoked": "bob",
    "approvals/<code>/decide/ approval.approved": "alice fiona",
    "approvals/<code>/decide/ approval.rejected": "alice fiona",
    "marketplace/drafts/<code>/ order.placed": "bob",
    "marketplace/drafts/<code>/ order.placed+approval.requested": "bob",
    "orders/<code>/cancel/ order.cancel_requested+workload.cancel_requested+workload.cancelled": "alice bob",
    "orders/<code>/cancel/ order.cancel_requested+order.cancelled": "alice bob",
    "receipts/ receipt.recorded": "finance",
    "payments/top-up/ payment.opened": "alice fiona charlie wendy",
    "payments/<code>/refund/ refund.asked+approval.requested": "finance",
    "payments/refunds/ask/ refund.asked+approval.requested": "alice fiona",
    "payments/differences/<code>/ difference.explained": "finance",
    "payments/refunds/<code>/again/ refund.sent_again": "finance",
    "payments/<code>/cancel/ payment.cancelled": "alice fiona",
    "bank/ bank.taken": "finance",
    "bank/<code>/assign/ bank.assigned+receipt.recorded": "finance",
    "bank/<code>/explain/ bank.explained": "finance",
    "bank/close/ bank.day_closed": "finance",
    "invoices/ invoice.requested": "alice fiona",
    "invoices/<code>/register/ invoice.issued": "finance",
    "invoices/<code>/refuse/ invoice.refused": "finance",
    "prices/new/ price.drafted": "unicom baidu",
    "prices/sheet/ price.drafted": "unicom baidu",
    "prices/<code>/submit/ price.submitted+approval.requested": "unicom",
    "prices/<code>/withdraw/ price.withdrawn": "unicom",
    "credit/ credit.proposed+approval.requested": "finance",
    "statements/close/ statement.closed+statement.closed+statement.closed": "finance",
    "statements/<code>/confirm/ statement.confirmed": "unicom",
    "statements/<code>/dispute/ statement.disputed": "unicom",
    "statements/<code>/resolve/ statement.resolved": "finance",
    "statements/<code>/release/ approval.requested": "finance",
    "statements/terms/ terms.proposed+approval.requested": "finance",
    "statements/adjustments/ adjustment.proposed+approval.requested": "finance",
    "payouts/propose/ payout.proposed+approval.requested": "finance",
    "payouts/<code>/file/ payout.file_taken": "finance",
    "payouts/payments/<code>/fail/ payout.failed": "finance",
    "payouts/accounts/ payout_account.proposed+approval.requested": "unicom baidu",
    "api/v1/statements/<code>/confirmation/ statement.confirmed": "unicom",
    "api/v1/statements/<code>/dispute/ statement.disputed": "unicom",
    "subsidies/programmes/<code>/ voucher.issued": "officer",
    "audit/export/ audit.exported": "alice charlie wendy auditor auditadmin unicom baidu",
    "audit/evidence/ audit.evidence_taken": "auditor auditadmin",
    "audit/verify/ audit.verified": "alice charlie wendy auditor auditadmin unicom baidu",
    "api/v1/approvals/<code>/decision/ approval.approved": "alice fiona",
    "api/v1/orders/<code>/cancel/ order.cancel_requested+workload.cancel_requested+workload.cancelled": "alice bob",
    "api/v1/exports/ export.requested": "alice bob fiona charlie wendy officer siming auditor operator finance",
    "api/v1/bank-files/ bank.taken": "finance",
    "api/v1/receipts/ receipt.recorded": "finance",
    "api/v1/statements/ statement.closed+statement.closed+statement.closed": "finance",
    "people/unlock/ account.unlocked": "security",
    "people/<code>/disable/ account.disabled": "security",
    "people/<code>/reveal/ personal.revealed": "officer siming operator security",
    "people/<code>/enable/ account.enabled": "security",
}
# Who may do such deeds, but not this one: the page says why.
HEARD = {
    "members/invite/ member.invited": "security unicom baidu",
    "invitations/<secret>/ member.joined": "alice fiona charlie wendy officer siming auditor operator finance sysadmin security auditadmin unicom baidu",
    "organization/verification/ verification.submitted": "alice wendy",
    "people/factor-resets/<code>/confirm/ account.factors_reset": "security",
    "people/factor-resets/<code>/refuse/ account.reset_refused": "security",
    "payments/refunds/ask/ refund.asked+approval.requested": "charlie wendy",
    "invoices/ invoice.requested": "charlie wendy",
}


def is_refusal(answer) -> bool:
    is_login = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    return is_login or answer.status_code in (401, 403, 404)


def tried(city, deed) -> tuple[str, str]:
    """Who did it, and who was heard and told why not; each try is taken back, and all others are turned away."""
    did, heard = [], []
    for name in VISITORS:
        with transaction.atomic():
            events, answer = news_of(city, deed, name)
            transaction.set_rollback(True)
        if events:
            did.append(name)
        elif not is_refusal(answer):
            heard.append(name)
    return " ".join(did), " ".join(heard)


def test_every_deed_is_listed_once():
    assert {str(d) for d in TRIED} == set(MAY)
    assert len(TRIED) == len(MAY)


@pytest.mark.parametrize("deed", TRIED, ids=str)
def test_only_those_named_do_it_and_all_others_are_turned_away(visit, deed):  # noqa: F811
    assert tried(visit, deed) == (MAY[str(deed)], HEARD.get(str(deed), ""))
