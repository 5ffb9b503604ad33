"""The provider's account against our books: fees are booked, payouts found at the bank, every difference named and nothing else."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from marketplace.bank import actions as bank
from marketplace.bank.models import BankLine
from marketplace.bank.tasks import credit_bank_lines, match_provider_payouts
from marketplace.ledger import actions as ledger
from marketplace.ledger.models import Cause, Kind
from marketplace.ledger.queries import balance
from marketplace.payments import clearing, queries
from marketplace.payments.clearing import CannotExplain
from marketplace.payments.models import Difference, Payment, ProviderEntry, Refund
from marketplace.payments.reconciliation import Found, Ours, Theirs, agreed_fee, differences
from marketplace.payments.stripe_gateway import Entry
from marketplace.payments.tasks import reconcile_with_provider
from marketplace.settlement import queries as books
from portal.audit.models import Event
from tests.city import paid_online
from tests.marketplace.test_payments import look_again, peer, top_up, town

__all__ = ["peer", "town"]
FEES = {"alipay": 220, "card": 340}


def age(peer, hours=3):
    """What happened there is no longer fresh."""
    for row in peer.rows["balance_transaction"].values():
        row["created"] -= hours * 3600
    Payment.objects.exclude(paid_at=None).update(paid_at=timezone.now() - timedelta(hours=hours))


def found():
    return {(d.kind, d.about): (d.ours, d.theirs) for d in Difference.objects.open()}


@pytest.fixture
def paid(town, peer, settings):
    settings.STRIPE_FEES = FEES
    payments = []
    for method in ("alipay", "card"):
        payment = top_up(town, method, key=method)
        peer.pay(payment.provider_id)
        payments.append(look_again(payment))
    return payments


def test_an_account_that_agrees_shows_no_difference_and_its_fees_are_booked(paid, peer):
    age(peer)

    for _again in range(2):
        reconcile_with_provider()

    assert found() == {}
    assert balance(Kind.PSP_FEE, "stripe") == 1_100 + 1_700
    standing = queries.standing()
    assert (standing.ours, standing.theirs, standing.gap) == (97_200, 97_200, 0)
    assert books.breaks() == []


def test_a_payout_is_found_at_the_bank_once_and_clears_the_account(paid, peer, town):
    peer.charge_fee(200)
    age(peer)
    peer.pay_out()
    reconcile_with_provider()
    assert queries.standing().on_the_way == 97_000

    today = timezone.localdate()
    head = "交易日期,交易流水号,支出,收入,余额,对方户名,附言\n"
    rows = f"{today},P1,,970.00,970.00,STRIPE PAYMENTS,PAYOUT\n{today},P2,,970.00,1940.00,STRIPE PAYMENTS,PAYOUT\n"
    bank.take_file(name="p.csv", content=(head + rows).encode(), by=town.finance, at=timezone.now())
    for _again in range(2):
        match_provider_payouts()

    assert [line.status for line in BankLine.objects.order_by("id")] == ["explained", "waiting"]
    assert (balance(Kind.PSP, "stripe"), queries.standing().on_the_way) == (0, 0)
    assert books.breaks() == []


def test_each_break_has_its_name(paid, peer):
    alipay, card = paid
    charge = {row["payment_intent"]: row for row in peer.rows["charge"].values()}
    entries = peer.rows["balance_transaction"]
    entries[charge[alipay.intent_id]["balance_transaction"]]["amount"] -= 1
    entries[charge[card.intent_id]["balance_transaction"]]["fee"] += 1
    peer.book("adjustment", -300, None)
    stranger = peer.add("charge", "ch", payment_intent="pi_9", amount=700, metadata={})
    peer.book("charge", 700, stranger["id"])
    age(peer)

    reconcile_with_provider()

    adjustment = next(row["id"] for row in entries.values() if row["type"] == "adjustment")
    assert found() == {
        ("other_amount", alipay.code): (50_000, 49_999),
        ("fee_differs", card.code): (1_700, 1_701),
        ("unknown_kind", adjustment): (None, -300),
        ("missing_here", "pi_9"): (None, 700),
    }
    assert queries.standing().gap == 1 + 300 - 700


def test_a_line_altered_after_it_was_taken_is_told_and_the_old_one_stays(paid, peer):
    age(peer)
    reconcile_with_provider()
    first = next(iter(peer.rows["balance_transaction"].values()))
    first["amount"] += 5

    reconcile_with_provider()

    assert [kind for kind, _about in found()] == ["altered"]
    assert ProviderEntry.objects.get(entry_id=first["id"]).amount == 50_000


def test_a_payout_that_does_not_come_or_comes_short_is_named_on_both_sides_until_it_is_there(
    paid, peer, town
):
    age(peer)
    payout = peer.pay_out()
    reconcile_with_provider()
    lines = bank_line(town, "S1", payout["amount"] - 1)
    later = timezone.now() + clearing.ON_THE_WAY

    clearing.compare(at=later)

    assert found() == {("not_arrived", payout["id"]): (payout["amount"], None)}
    assert [line.finding for line in lines] == ["no_payout"]

    bank_line(town, "S2", payout["amount"])
    clearing.compare(at=later)

    assert found() == {}
    assert books.breaks() == []


def bank_line(city, reference, amount):
    """The provider's money arrives at the bank."""
    before = BankLine.objects.count() and BankLine.objects.get().amount
    row = f"{timezone.localdate()},{reference},,{amount / 100:.2f},{(before + amount) / 100:.2f},STRIPE PAYMENTS,PAYOUT\n"
    bank.take_file(name=reference, content=(HEAD + row).encode(), by=city.finance, at=timezone.now())
    match_provider_payouts()
    return list(BankLine.objects.order_by("id"))


def test_an_open_difference_stays_in_sight_however_old_it_is(paid, peer):
    peer.rows["balance_transaction"].clear()
    age(peer)
    clearing.compare(at=timezone.now())

    clearing.compare(at=timezone.now() + 2 * clearing.WINDOW)

    assert {kind for kind, _about in found()} == {"missing_there"}


def test_what_is_still_fresh_on_either_side_is_no_difference(paid, peer):
    peer.book("charge", 700, peer.add("charge", "ch", payment_intent="pi_9", metadata={})["id"])
    peer.rows["balance_transaction"].pop(next(iter(peer.rows["balance_transaction"])))

    reconcile_with_provider()

    assert found() == {}


def test_a_difference_that_time_mended_is_gone_and_one_explained_stays_explained(paid, peer, town):
    peer.book("adjustment", -300, None)
    missing = peer.rows["balance_transaction"].pop(next(iter(peer.rows["balance_transaction"])))
    age(peer)
    reconcile_with_provider()
    odd = Difference.objects.get(kind="unknown_kind")
    with pytest.raises(CannotExplain):
        clearing.explain(difference_id=odd.id, explanation="", by=town.finance, at=timezone.now())
    for _again in range(2):
        clearing.explain(difference_id=odd.id, explanation="补记", by=town.finance, at=timezone.now())

    peer.rows["balance_transaction"][missing["id"]] = missing | {"created": missing["created"] - 10_800}
    reconcile_with_provider()

    states = dict(Difference.objects.values_list("kind", "status"))
    assert states == {"unknown_kind": "explained", "missing_there": "gone"}
    assert Event.objects.filter(name="difference.explained").count() == 1


# --- the pure part ---------------------------------------------------------------------------------------
def charge(about, amount, **more):
    return Theirs(f"txn_{about}", "charge", about, amount, **more)


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ([charge("pi", 100)], []),
        ([], [Found("missing_there", "PM", 100, None)]),
        ([charge("pi", 99)], [Found("other_amount", "PM", 100, 99)]),
        ([charge("pi", 100, currency="usd")], [Found("other_currency", "PM", 100, 100)]),
        ([charge("pi", 100), charge("pi", 100)], [Found("duplicate", "PM", 100, 200)]),
        ([charge("pi", 100), charge("pi2", 7)], [Found("missing_here", "pi2", None, 7)]),
        ([charge("pi", 100), charge("pi2", 7, is_fresh=True)], []),
        ([charge("pi", 100), Theirs("t", "transfer", "", -5)], [Found("unknown_kind", "t", None, -5)]),
        # Sent, come back, sent under another number: only the last one is ours.
        (
            [
                charge("pi", 100),
                Theirs("a", "refund", "re1", -30),
                Theirs("b", "refund_failure", "re1", 30),
            ],
            [],
        ),
    ],
)
def test_names_of_differences(theirs, expected):
    assert list(differences([Ours("PM", "pi", 100, "alipay")], theirs, {})) == expected


# --- many -----------------------------------------------------------------------------------------------
ONLINE, BREAKS_ONLINE = 900, 140
TRANSFERS, BREAKS_AT_BANK = 100, 60
AT_BANK = ["other_amount", "paid_already", "third_party", "no_number", "unknown_number", "several_numbers"]
HEAD = "交易日期,交易流水号,支出,收入,余额,对方户名,附言\n"


def month(city, random, now):
    """Online payments and their refunds as rows, journals and lines of the provider's account."""
    payments, entries, postings = [], [], []
    for n in range(ONLINE):
        method, amount = random.choice(list(FEES)), random.randint(100, 5_000_000)
        at = now - timedelta(hours=random.randint(3, 24 * 30))
        intent = f"pi_{n:05d}"
        payments.append(
            Payment(
                code=f"PM{n:08d}",
                organization=city.ludao,
                purpose="top_up",
                method=method,
                amount=amount,
                status="paid",
                provider_id=intent,
                intent_id=intent,
                idempotency_key=intent,
                created_at=at,
                pay_by=at,
                paid_at=at,
            )
        )
        fee = agreed_fee(amount, FEES[method])
        entries.append(Entry(f"txn_{n:05d}", "charge", intent, amount, fee, "cny", at))
        lines = ledger.transfer(amount, (Kind.PSP, "stripe"), (Kind.PREPAID, "EN-LUDAO"))
        postings.append(ledger.Posting(f"payment:{n}", Cause.ONLINE_PAYMENT, f"PM{n:08d}", lines, at))
    Payment.objects.bulk_create(payments, batch_size=1000)
    refunds = []
    for payment in payments[::20]:
        refund = Refund(
            code=payment.code.replace("PM", "RF"),
            payment=payment,
            organization=city.ludao,
            amount=payment.amount // 2,
            reason="部分退款",
            status="done",
            provider_id=payment.intent_id.replace("pi", "re"),
            asked_at=payment.paid_at,
            done_at=payment.paid_at,
        )
        refunds.append(refund)
        entries.append(
            Entry(
                f"txn_r{refund.code}", "refund", refund.provider_id, -refund.amount, 0, "cny", refund.done_at
            )
        )
        lines = ledger.transfer(refund.amount, (Kind.PREPAID, "EN-LUDAO"), (Kind.PSP, "stripe"))
        postings.append(ledger.Posting(f"refund:{refund.code}", Cause.REFUND, refund.code, lines, now))
    Refund.objects.bulk_create(refunds)
    ledger.post_all(postings)
    return payments, entries


def broken(payments, entries, random):
    """The account with seeded breaks, and the name of each."""
    expected = Counter()
    account = {entry.entry_id: entry for entry in entries}
    for n in random.sample(range(ONLINE), BREAKS_ONLINE):
        code, entry = payments[n].code, account[f"txn_{n:05d}"]
        kind = random.choice(
            [
                "missing_there",
                "missing_here",
                "other_amount",
                "other_currency",
                "duplicate",
                "fee_differs",
                "unknown_kind",
            ]
        )
        about = code
        if kind == "missing_there":
            del account[entry.entry_id]
        elif kind == "missing_here":
            about = f"pi_stranger{n}"
            account[about] = replace(entry, entry_id=about, about=about)
        elif kind == "other_amount":
            account[entry.entry_id] = replace(entry, amount=entry.amount + random.choice([-1, 1, 100]))
        elif kind == "other_currency":
            account[entry.entry_id] = replace(entry, currency="usd")
        elif kind == "duplicate":
            account[f"{entry.entry_id}b"] = replace(entry, entry_id=f"{entry.entry_id}b")
        elif kind == "fee_differs":
            account[entry.entry_id] = replace(entry, fee=entry.fee + random.choice([-1, 1, 50]))
        else:
            about = f"txn_odd{n}"
            account[about] = replace(entry, entry_id=about, kind="adjustment", about="", amount=-5)
        expected[kind, about] += 1
    return list(account.values()), expected


def transfers(city, random, now):
    """The bank's file of a month of transfers, each meant for a payment, and the name of each seeded break."""
    rows, expected, balance_then = [], {}, 0
    broken_ones = set(random.sample(range(TRANSFERS), BREAKS_AT_BANK))
    meant = []
    for n in range(TRANSFERS):
        code = f"PM261121-{''.join(random.choices('23456789ABCDEFGHJKLMNPQRSTUVWXYZ', k=8))}"
        payment = Payment(code=code, organization=city.ludao, purpose="top_up", method="transfer", status="open",
                          amount=random.randint(100, 5_000_000), idempotency_key=code, created_at=now, pay_by=now)  # fmt: skip
        meant.append(payment)
        line = {"amount": payment.amount, "party": city.ludao.name, "remark": f"充值 {code}"}
        kind = random.choice(AT_BANK) if n in broken_ones else ""
        match kind:
            case "other_amount":
                line["amount"] += random.choice([-1, 1, 100])
            case "third_party":
                line["party"] = "某某个人"
            case "no_number":
                line["remark"] = "货款"
            case "unknown_number":
                line["remark"] = "PM261121-ZZZZZZZZ"
            case "several_numbers":
                line["remark"] += " EN-YUNDING"
            case "paid_already":
                rows.append((f"B{n}-again", line))
                expected[f"B{n}-again"] = kind
        rows.append((f"B{n}", line))
        if kind not in ("", "paid_already"):
            expected[f"B{n}"] = kind
    Payment.objects.bulk_create(meant)
    text = HEAD
    # Of a pair, the first to be credited is the payment and the second is once too often.
    for reference, line in sorted(rows, key=lambda row: row[0].endswith("-again")):
        balance_then += line["amount"]
        text += f"{timezone.localdate(now)},{reference},,{line['amount'] / 100:.2f},{balance_then / 100:.2f},{line['party']},{line['remark']}\n"
    return text.encode(), expected


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_of_a_thousand_payments_all_two_hundred_breaks_are_named_and_nothing_else(city, settings, seed):
    settings.STRIPE_FEES = FEES
    random, now = Random(seed), timezone.now()
    payments, entries = month(city, random, now)
    random.shuffle(entries)
    account, expected = broken(payments, entries, random)
    statement, expected_at_bank = transfers(city, random, now)

    clearing.take_entries(account, at=now)
    clearing.compare(at=now)
    bank.take_file(name="month.csv", content=statement, by=city.finance, at=now)
    while BankLine.objects.certain().exists():
        credit_bank_lines()

    assert sum(expected.values()) + len(expected_at_bank) == 200
    assert Counter((d.kind, d.about) for d in Difference.objects.open()) == expected
    assert dict(BankLine.objects.waiting().values_list("bank_reference", "finding")) == expected_at_bank
    assert books.breaks() == []


def test_a_payment_taken_over_without_a_line_of_theirs_is_missing_there(town):
    payment = paid_online(town, at=timezone.now() - timedelta(hours=2))

    clearing.compare(at=timezone.now())

    assert found() == {("missing_there", payment.code): (50_000, None)}
