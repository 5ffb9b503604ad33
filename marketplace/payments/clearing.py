"""The provider's own account of our money: taken over line by line, compared with the books, differences settled."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import Posting, transfer
from marketplace.ledger.models import Cause, Kind
from marketplace.payments.actions import STRIPE
from marketplace.payments.models import Difference, Payment, ProviderEntry, Refund
from marketplace.payments.queries import payouts_on_the_way
from marketplace.payments.reconciliation import Found, Ours, Theirs, differences
from marketplace.payments.stripe_gateway import CURRENCY, Entry
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal

Status = Difference.Status
WINDOW = timedelta(days=35)
# How long news may take in either direction before its absence means something.
SLACK = timedelta(hours=1)
# How long a payout may take to our bank and into its statement, holidays included.
ON_THE_WAY = timedelta(days=7)


class CannotExplain(Refusal):
    """Without a reason, or not any more."""

    code = "cannot_explain"


def take_entries(entries: Iterable[Entry], *, at) -> int:
    """Take lines of the provider's account over, each once, and book its fees. How many were new.

    A line that was taken before with other figures stays as it was and is a difference.
    """
    with transaction.atomic():
        heard = {entry.entry_id: entry for entry in entries}
        known = ProviderEntry.objects.in_bulk(list(heard), field_name="entry_id")
        for entry_id, row in known.items():
            now = heard[entry_id]
            if (row.amount, row.fee, row.currency) != (now.amount, now.fee, now.currency):
                _open(Found("altered", entry_id, row.amount - row.fee, now.amount - now.fee), at)
        fresh = [entry for entry_id, entry in heard.items() if entry_id not in known]
        ProviderEntry.objects.bulk_create(
            [
                ProviderEntry(
                    entry_id=entry.entry_id,
                    kind=entry.kind,
                    about=entry.about,
                    amount=entry.amount,
                    fee=entry.fee,
                    currency=entry.currency,
                    booked_at=entry.booked_at,
                )
                for entry in fresh
            ],
            batch_size=1000,
        )
        ledger.post_all([_fee(entry) for entry in fresh if entry.currency == CURRENCY and kept(entry)])
    return len(fresh)


def kept(entry) -> int:
    """What the provider keeps with this line, in fen."""
    return -entry.amount if entry.kind == "stripe_fee" else entry.fee


def _fee(entry) -> Posting:
    clearing, cost = (Kind.PSP, STRIPE), (Kind.PSP_FEE, STRIPE)
    amount = kept(entry)
    legs = transfer(amount, cost, clearing) if amount > 0 else transfer(-amount, clearing, cost)
    return Posting(f"psp-fee:{entry.entry_id}", Cause.PSP_FEES, entry.entry_id, legs, entry.booked_at)


def compare(*, at) -> list[Difference]:
    """Hold our books of the last weeks against the provider's account: new differences, and old ones that are gone."""
    with transaction.atomic():
        since = _since(at)
        found = [*differences(_ours(since, at), _theirs(since, at), settings.STRIPE_FEES), *_not_arrived(at)]
        names = {(one.kind, one.about) for one in found}
        for row in Difference.objects.open().exclude(kind=Difference.Kind.ALTERED):
            if (row.kind, row.about) not in names:
                status.move(Difference.objects.locked(row.id), Status.GONE, settled_at=at)
        opened = [row for one in found if (row := _open(one, at))]
        if opened:
            notices.notify(
                kind=Notice.Kind.MONEY,
                sentence=gettext_noop("与支付机构对账发现 %(n)d 处新差异"),
                values={"n": len(opened)},
                url="/payments/differences/",
                at=at,
                action="refunds.manage",
            )
    return opened


def _open(found: Found, at) -> Difference | None:
    """A difference that nobody knew of, or that has come again."""
    row, is_new = Difference.objects.get_or_create(
        kind=found.kind,
        about=found.about,
        defaults={"code": new_code("DF"), "ours": found.ours, "theirs": found.theirs, "found_at": at},
    )
    if not is_new and row.status == Status.GONE:
        status.move(row, Status.OPEN, found_at=at, settled_at=None)
        return row
    return row if is_new else None


def _since(at):
    """A window's length back, and so far that whatever is open stays in sight: it would else look mended."""
    oldest = Difference.objects.open().aggregate(oldest=Min("found_at"))["oldest"]
    return min(oldest or at, at) - WINDOW


def _not_arrived(at):
    for payout in payouts_on_the_way().filter(booked_at__lte=at - ON_THE_WAY):
        yield Found("not_arrived", payout.about, -payout.amount, None)


def _theirs(since, at):
    rows = ProviderEntry.objects.filter(booked_at__gte=since)
    fields = "entry_id", "kind", "about", "amount", "fee", "currency", "booked_at"
    for *said, booked_at in rows.values_list(*fields).iterator():
        yield Theirs(*said, is_fresh=booked_at > at - SLACK)


def _ours(since, at):
    numbers = ProviderEntry.objects.filter(booked_at__gte=since).values("about")
    # At the far edge, what they booked just before the window we may have noted just within it.
    since, told = since + SLACK * 24, at - SLACK
    taken = (Payment.Status.PAID, Payment.Status.PARKED)
    payments = Payment.objects.filter(status__in=taken).exclude(intent_id="")
    payments = payments.filter(Q(paid_at__gte=since) | Q(intent_id__in=numbers))
    for code, number, amount, method, paid_at in payments.values_list(
        "code", "intent_id", "amount", "method", "paid_at"
    ).iterator():
        yield Ours(code, number, amount, method, is_fresh=paid_at is None or paid_at > told)
    refunds = Refund.objects.filter(status=Refund.Status.DONE).exclude(provider_id="")
    refunds = refunds.filter(Q(done_at__gte=since) | Q(provider_id__in=numbers))
    for code, number, amount, done_at in refunds.values_list(
        "code", "provider_id", "amount", "done_at"
    ).iterator():
        yield Ours(code, number, -amount, "", is_fresh=done_at > told)


def explain(*, difference_id, explanation, by, at) -> Difference:
    """Somebody found out what it is. Saying it twice changes nothing."""
    with transaction.atomic():
        difference = Difference.objects.locked(difference_id)
        if difference.status == Status.EXPLAINED and difference.explanation == explanation:
            return difference
        if not explanation:
            raise CannotExplain(_("请写明差异的原因与处理结果。"), field="explanation")
        before = difference.status
        status.move(difference, Status.EXPLAINED, explanation=explanation, settled_by=by, settled_at=at)
        audit.record(
            difference, "difference.explained", by=by, before=before, after=Status.EXPLAINED,
            explanation=explanation, about=difference.about,
        )  # fmt: skip
    return difference
