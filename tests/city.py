"""A small city for tests: the demonstration city, its clusters online, and shortcuts along the road."""

import zlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

from django.core.cache import caches
from django.db import transaction
from django.utils import timezone

from config.demo import city as demo
from federation.capacity.models import Accelerator, Pool
from federation.clusters.models import Cluster
from federation.providers.models import Provider
from federation.usage import actions as usage
from federation.usage.models import UsageRecord
from marketplace.bank import actions as bank
from marketplace.billing import actions as billing
from marketplace.billing import monthly
from marketplace.catalogue import drafts as price_drafts
from marketplace.catalogue.models import Plan
from marketplace.orders import placing
from marketplace.orders.queries import month_start
from marketplace.payments import actions as payments
from marketplace.payments import clearing, refunds
from marketplace.payments.models import Payment
from marketplace.payments.stripe_gateway import Entry, Seen, State
from marketplace.payouts import actions as payouts
from marketplace.payouts.models import PayoutAccount
from marketplace.settlement.models import SettlementRun, Statement
from portal.accounts.models import User
from portal.incidents import actions as incidents
from portal.incidents.queries import LASTING, lasting
from portal.lists import actions as lists
from portal.lists.tasks import write_exports
from portal.organizations.models import Organization, Project
from portal.shell.codes import new_code
from portal.verification import actions as verification
from portal.webhooks import actions as webhooks
from portal.webhooks.models import WebhookEndpoint
from portal.webhooks.signatures import new_secret
from scheduler.workloads import actions as workloads
from scheduler.workloads.models import Workload
from tests import remembered

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def found(at=NOON, *, anew=False) -> SimpleNamespace:
    """The demonstration city with every cluster online; `anew` where its record is to tell of another time."""
    if at == NOON and not anew and not Organization.objects.exists():
        remembered.once("city", lambda: _load(at))
    else:
        _load(at)
    return standing()


def standing() -> SimpleNamespace:
    """The people and the firm of the city as it stands."""
    return SimpleNamespace(
        **{u.username: u for u in User.objects.all()},
        ludao=Organization.objects.get(code="EN-LUDAO"),
        yunding=Organization.objects.get(code="EN-YUNDING"),
        lab=Project.objects.get(code="PJ-LUDAO-LAB"),
        model=Project.objects.get(code="PJ-LUDAO-MODEL"),
    )


def _load(at):
    demo.load(at=at)
    Cluster.objects.update(state=Cluster.State.ONLINE, last_seen_at=at)
    Pool.objects.update(observed_at=at)


NEW_PROVIDER = {
    "kind": "provider", "name": "集美新算力", "district": "jimei", "role": "provider_admin", "email": "first@example.com",
}  # fmt: skip


def know_the_incidents():
    """Every page's banner is asked for twice a minute, by whoever comes first: not while a page is counted."""
    caches["passing"].delete(LASTING)
    lasting()


def plan(code="unicom-h800") -> Plan:
    return Plan.objects.select_related("provider", "accelerator").get(code=code)


def request(
    project,
    *,
    code="unicom-h800",
    cards=8,
    hours="1",
    command="python train.py",
    files=(),
    vouchers=None,
    ways=None,
):
    return placing.Request(
        plan=plan(code),
        project=project,
        name="训练",
        cards=cards,
        hours=Decimal(hours),
        command=command,
        files=files,
        vouchers=vouchers,
        ways=ways,
    )


def place(city, *, key="k1", at=NOON, project=None, by=None, **wishes):
    order, _is_new = placing.place(
        organization=city.ludao,
        request=request(project or city.lab, **wishes),
        idempotency_key=key,
        by=by or city.bob,
        at=at,
    )
    return order


def run(order, *, seconds, to=Workload.Status.SUCCEEDED, reason="", at=NOON):
    """Let the cluster report that the order's work ran this long."""
    with transaction.atomic():
        workload = (
            Workload.objects.select_for_update(of=("self",))
            .select_related("pool__cluster", "pool__accelerator", "organization")
            .get(order_code=order.code)
        )
        workload.status = Workload.Status.RUNNING
        workload.save(update_fields=["status"])
        workloads.close(
            workload,
            to,
            started_at=at if seconds is not None else None,
            ended_at=at + timedelta(seconds=seconds) if seconds is not None else None,
            exit_reason=reason,
            at=at + timedelta(seconds=seconds or 0),
        )


def bill(order, at=NOON):
    billing.settle_order(order_id=order.id, at=at)
    order.refresh_from_db()
    return order


def comes_late(order, *, seconds, key="late-1", at=NOON, corrects=None):
    """The cluster hands in a reading of this order's work that it had kept back."""
    work = Workload.objects.get(order_code=order.code).code
    first = UsageRecord.objects.filter(workload_code=work).first()
    return usage.record(
        source_key=key,
        cluster=first.cluster,
        accelerator=first.accelerator,
        workload_code=first.workload_code,
        cards=first.cards,
        started_at=first.ended_at,
        ended_at=first.ended_at + timedelta(seconds=seconds),
        seconds=seconds,
        is_final=True,
        at=at,
        corrects=corrects,
    )


def reserve(
    city,
    code="siming-rtx4090-month",
    *,
    key="r1",
    cards=1,
    periods=1,
    at=NOON,
    by=None,
    project=None,
    **wishes,
):
    """Reserved capacity of Ludao, or of whose project it is."""
    project = project or city.lab
    order, _is_new = placing.place(
        organization=project.organization,
        request=placing.Request(
            plan=plan(code),
            project=project,
            name="预留",
            cards=cards,
            periods=periods,
            vouchers=frozenset(),
            **wishes,
        ),
        idempotency_key=key,
        by=by or city.bob,
        at=at,
    )
    return order


def price_draft(city, *, at, price="20.00", code="h800", by=None, **wishes):
    """What Unicom wants to sell from now on."""
    offer = price_drafts.Offer(
        accelerator=Accelerator.objects.get(code=code),
        unit_price=Decimal(price),
        **{"cards_max": 64, "hours_max": 720, "is_listed": True, "effective_from": at} | wishes,
    )
    provider = Provider.objects.get(code="unicom")
    return price_drafts.write(provider=provider, offer=offer, by=by or city.unicom, at=at)


def monthly_bills(at=NOON):
    """The bills of the month of this moment, as its sweep makes them when it is over."""
    over = month_start(month_start(at) + 32 * DAY)
    return monthly.issue(until=over, at=over)


def statement(*, at, status="offered", party="unicom", fen=1000, **fields):
    """A provider's statement in some state, of a period long settled."""
    provider = Provider.objects.get(code=party)
    until = at - timedelta(days=30 + Statement.objects.count())
    closing = SettlementRun.objects.create(
        code=new_code("SR"), until_at=until, statement_count=1, line_count=0, metered=0, billed=0, free=0, over=0,
        gross=fen, stated=fen, closed_at=until,
    )  # fmt: skip
    return Statement.objects.create(
        code=new_code("ST"), kind="provider", status=status, run=closing, party=party, title=provider.name,
        organization=provider.organization, from_at=until, until_at=until, line_count=0, card_seconds=0, gross=fen,
        net=fen, due=fen, closed_at=until, answer_by=at + timedelta(days=5), **fields,
    )  # fmt: skip


def payout(city, *, at):
    """A payment to unicom in an approved batch."""
    provider = Provider.objects.get(code="unicom")
    PayoutAccount.objects.create(
        code=new_code("PA"), provider=provider, holder=provider.name, bank="厦门银行", number="3502000012345678",
        ending="5678", status="in_force", proposed_by=city.unicom, proposed_at=at, decided_by=city.checker,
    )  # fmt: skip
    statement(at=at, status="confirmed")
    platform = Organization.objects.get(code="PL-INFO")
    batch = payouts.propose_batch(organization=platform, by=city.finance, at=at)
    payouts.approve_batch(batch_id=batch.id, by=city.checker, at=at)
    return batch.payouts.get()


def picture(note: bytes = b"licence") -> bytes:
    """A whole PNG of one grey pixel with a note in it."""

    def chunk(kind, body):
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    head = chunk(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]))
    rest = chunk(b"tEXt", b"note\0" + note) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + rest


PICTURE = picture()


def apply_for_verification(organization, by, *, at=NOON, content=PICTURE, **fields):
    """A firm that nobody knows yet hands in its licence."""
    Organization.objects.filter(id=organization.id).update(verified_at=None)
    wishes = {
        "legal_representative": "林安",
        "contact_name": "陈博",
        "contact_phone": "13800000000",
        "address": "思明区软件园二期 1 号",
    }
    return verification.submit(
        organization=organization,
        licence=("licence.png", content),
        by=by,
        at=at,
        **wishes | fields,
    )


def listener(city, *, at=NOON, url="https://erp.example.com/hook", events=("order.placed",)):
    """Another system of Ludao's that hears of these events."""
    return WebhookEndpoint.objects.create(
        code=new_code("WH"),
        organization=city.ludao,
        url=url,
        events=list(events),
        secret=new_secret(),
        seals_up_to=0,
        created_by=city.alice,
        created_at=at,
    )


def message_to(city, *, at=NOON) -> str:
    """The code of a test message on its way to Ludao's other system."""
    return webhooks.test(endpoint_id=listener(city, at=at).id, by=city.alice, at=at).code


def written_export(person, *, screen="orders", query=""):
    """A list that this person asked for and that has been written."""
    wish = {"screen": screen, "query": query, "form": "csv", "language": "zh-hans"}
    export = lists.request_export(**wish, row_count=1, by=person, at=timezone.now())
    write_exports()
    export.refresh_from_db()
    return export


def bank_line(city, *, at):
    """An arrival that does not say whose it is."""
    day = f"{at:%Y-%m-%d}"
    text = f"交易日期,交易流水号,支出,收入,余额,对方户名,附言\n{day},BANK-1,,500.00,500.00,某某个人,货款\n"
    return bank.take_file(name="bank.csv", content=text.encode(), by=city.finance, at=at).lines.get()


def transfer(city, *, amount=50_000, at=NOON, key="transfer"):
    """Ludao means to top up its balance by transfer."""
    wish = {"organization": city.ludao, "method": "transfer", "amount": amount, "idempotency_key": key}
    return payments.top_up(**wish, by=city.fiona, at=at)


def paid_online(city, *, amount=50_000, at=NOON, key="online"):
    """Ludao has topped up its balance at the provider's page."""
    code = new_code("PM")
    payment = Payment.objects.create(
        code=code,
        organization=city.ludao,
        purpose="top_up",
        method="alipay",
        amount=amount,
        status="open",
        idempotency_key=key,
        created_by=city.fiona,
        created_at=at,
        pay_by=at + DAY,
    )
    seen = Seen(State.DONE, f"pi_{code}", amount, "cny", intent_id=f"pi_{code}")
    return payments.note(payment_id=payment.id, seen=seen, at=at)


def stuck_refund(city, payment, *, amount=100, at=NOON):
    """Two of finance agreed on a refund, and the provider would not take it."""
    refund = refunds.ask(payment_id=payment.id, amount=amount, reason="重复充值", by=city.finance, at=at)
    refunds.agree(refund_id=refund.id, by=city.checker, at=at)
    return refunds.decline(refund_id=refund.id, failure="balance_insufficient", at=at)


def difference(*, at=NOON):
    """The provider took money of which we know nothing."""
    strange = Entry("txn_strange", "charge", "pi_strange", 500, 0, "cny", at - timedelta(hours=2))
    clearing.take_entries([strange], at=at)
    return clearing.compare(at=at)[0]


def disturb(city, *, at=NOON, kind="incident", ends_at=None, **wishes):
    """The operator tells the city that its meters are late."""
    told = {
        "title": "计量延迟",
        "title_en": "Metering is late",
        "parts": ["billing"],
        "starts_at": at,
        "text": "正在补算，不会重复计费。",
        "text_en": "Being caught up; nothing is billed twice.",
    }
    return incidents.post(kind=kind, ends_at=ends_at, **told | wishes, by=city.operator, at=at)
