"""A city with one of everything, for whoever walks all its pages."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

from federation.providers.models import Provider
from marketplace.billing import refunds as bill_refunds
from marketplace.billing.models import BillLine
from marketplace.budgets.models import BudgetMark
from marketplace.funding import actions as funding
from marketplace.invoices import actions as invoices
from marketplace.settlement import actions as settlement
from marketplace.settlement import corrections
from portal.accounts.permissions import Role
from portal.approvals.models import Approval
from portal.audit import actions as audit
from portal.developers.models import ApiCall
from portal.lists import actions as lists
from portal.members import actions as members
from portal.members import reviews
from portal.notices.models import Notice
from portal.organizations.models import Organization
from portal.recovery import actions as recovery
from portal.sso import actions as sso
from portal.tokens import actions as tokens
from portal.watch import actions as watch
from tests.city import (
    DAY,
    NEW_PROVIDER,
    apply_for_verification,
    bank_line,
    bill,
    difference,
    disturb,
    found,
    listener,
    message_to,
    monthly_bills,
    paid_online,
    payout,
    place,
    price_draft,
    reserve,
    run,
    stuck_refund,
    transfer,
)


def programs_of(city, *, at) -> dict[str, str]:
    """Alice has given a program a key, connected another, and the first has asked for something."""
    wish = {
        "organization": city.ludao,
        "name": "训练平台",
        "scopes": ["orders:read"],
        "by": city.alice,
        "at": at,
    }
    application, _secret = tokens.connect(**wish)
    key, _secret = tokens.issue(**wish, days=30, networks=["203.0.113.0/24", "2001:db8::/32"])
    ApiCall.objects.create(
        at=at,
        user=city.alice,
        organization=city.ludao,
        key=key.code,
        key_name=key.name,
        method="GET",
        route="api/v1/orders/",
        status=200,
        milliseconds=12,
        request_id="0123456789abcdef0123456789abcdef",
    )
    return {"applications": application.code, "tokens": key.code}


def furnish(*, at) -> tuple[SimpleNamespace, dict[str, str]]:
    """One city with one of everything, and the code that stands for each address's <code>.

    Ludao's order is the one looked at, the firm of Wuyuan asks to be verified, and that of Jigeng never did.
    """
    city = found(at=at)
    order = place(city, at=at)
    run(order, seconds=1800, at=at)
    bill(order, at=at)
    waiting = place(city, key="waiting", at=at, project=city.model, cards=1, hours="100")
    moment = at + timedelta(seconds=1)
    statements = settlement.close(until=moment, by=None, at=moment)
    monthly_bill = monthly_bills(at=at)[0].code
    Organization.objects.filter(code="EN-JIGENG").update(verified_at=None)
    wuyuan = Organization.objects.get(code="EN-WUYUAN")
    codes = {
        "account/sessions": "NONE",
        "approvals": Approval.objects.get(subject_code=waiting.code).code,
        "audit": "EN-LUDAO-1",
        "bills": monthly_bill,
        "monthly-bills": monthly_bill,
        "bank": bank_line(city, at=at).code,
        "invoices": invoices.request(
            organization=city.ludao, amount=100, idempotency_key="first", by=city.alice, at=at
        ).code,
        "prices": price_draft(city, at=at).code,
        "credit": funding.propose_credit(
            organization=city.ludao,
            contract="HT-2026-018",
            limit=5_000_000,
            valid_until=at + 90 * DAY,
            reason="年度框架合同",
            by=city.finance,
            at=at,
        ).code,
        "audit/versions/project": "PJ-LUDAO-LAB",
        "city-systems": "CS-NONE",
        "city-systems/mine": "CC-NONE",
        "clusters": "unicom-jimei",
        "exports": "EX-NONE",
        "incidents": disturb(city, kind="maintenance", starts_at=at + DAY, ends_at=at + 2 * DAY).code,
        "invitations": members.invite(
            organization=city.ludao,
            email="new@example.com",
            role=Role.ENTERPRISE_MEMBER,
            until=None,
            reason="",
            by=city.alice,
            at=at,
        ).secret,
        "lists": "orders",
        "lists/views": "VW-NONE",
        "marketplace/drafts": "DR-NONE",
        "marketplace/plans": "unicom-h800",
        "members": city.bob.memberships.get().code,
        "members/invitations": "IV-NONE",
        "members/onboard": members.onboard(**NEW_PROVIDER, by=city.operator, at=at).organization.code,
        "members/reviews": reviews.open_review(organization_id=city.ludao.id, at=at).code,
        "notices": Notice.objects.filter(user=city.bob).first().code,
        "operations": "OP-NONE",
        "orders": order.code,
        "organization/projects": "PJ-LUDAO-LAB",
        "payments": transfer(city, at=at).code,
        "payments/differences": difference(at=at).code,
        "payments/refunds": "RF-NONE",
        "people": "bob",
        "people/factor-resets": "FR-NONE",
        "payouts": payout(city, at=at).batch.code,
        "payouts/payments": "PO-NONE",
        "plans": "unicom-h800",
        "reservation": reserve(city, "siming-rtx4090-day", at=at, project=city.model).code,
        "programmes": "PG-CITY-2026",
        "statements/adjustments": "AJ-NONE",
        "statements": next(one.code for one in statements if one.party == "unicom"),
        "subsidies/programmes": "PG-CITY-2026",
        "verifications": apply_for_verification(wuyuan, city.wendy, at=at).code,
        "webhooks": listener(city, at=at).code,
        "webhooks/deliveries": message_to(city, at=at),
    }
    codes |= programs_of(city, at=at)
    audit.seal()
    return city, codes


def fill_lists(city, *, at) -> None:
    """One row in each list that a furnished city has no need of."""
    why = {"by": city.finance, "at": at}
    corrections.propose_adjustment(organization=city.ludao, amount=100, reason="9 月重复计费", **why)
    corrections.propose_terms(
        provider=Provider.objects.get(code="unicom"),
        effective_from=at.date(),
        tax_rate=Decimal("0.06"),
        retention_rate=0,
        retention_months=0,
        bands=[],
        clause="第 7.2 条",
        **why,
    )
    line = BillLine.objects.first()
    bill_refunds.ask(line_id=line.id, amount=1, reason_code="quality", reason="中断两次", **why)
    stuck_refund(city, paid_online(city, at=at), at=at)
    BudgetMark.objects.create(
        code="BM-1",
        project=city.lab,
        month=at.date().replace(day=1),
        kind="remind",
        percent=80,
        budget=100,
        spent=80,
        passed_at=at,
    )
    recovery.propose(user=city.officer, proof="当面核对身份证", by=city.security, at=at)
    sso.connect(name="市企业服务平台", redirect_uris=["https://e.example/in"], by=city.sysadmin, at=at)
    watch.raise_alarm(rule="sprayed", about="203.0.113.7", marker="203.0.113.7", seen={}, at=at)
    wish = {"screen": "orders", "query": "", "form": "csv", "row_count": 1, "language": "zh-hans"}
    lists.request_export(**wish, by=city.alice, at=at)
