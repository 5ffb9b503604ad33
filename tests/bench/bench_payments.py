"""A day's payments: signed webhooks through the real door to booked rows, and ten thousand held against the provider's account."""

import argparse
import json
import os
import random
import sys
import time
from datetime import timedelta

import stripe

from config.embedded.throwaway import Throwaway
from tests.bench.bench_ledger import naive_models, naive_tables
from tests.bench.house import prepare
from tests.peers.stripe import KEY, SECRET, Chaos, Peer

HOOK = "/payments/webhooks/stripe/"
PAID = "payment_intent.succeeded"
# Every so many payments the provider's account says a fen more.
BREAK_EVERY = 50


def open_at(peer, count, firm, at):
    """Payments that wait for their payer at the provider, begun by the product's own sweep."""
    from marketplace.payments import actions as payments
    from marketplace.payments.models import Payment
    from marketplace.payments.tasks import attend_payments

    for n in range(count):
        payments.top_up(
            organization=firm,
            method="alipay",
            amount=10_000 + n,
            idempotency_key=f"bench-{n}",
            by=None,
            at=at,
        )
    while Payment.objects.filter(status=Payment.Status.CREATED).exists():
        attend_payments()
    return list(Payment.objects.values_list("provider_id", flat=True))


def a_bad_post(peer):
    """Every event as it arrives: a third twice, a fifth late, in any order."""
    arriving = []
    peer.carry = lambda *event: arriving.append(event) or 200
    peer.deliver(Chaos(seed=7))
    peer.resend_lost()
    return arriving


def through_the_door(events):
    """The product's first half: each signed event is kept, once."""
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    for body, header in events:
        answer = client.post(
            HOOK, body, content_type="application/json", headers={"Stripe-Signature": header}
        )
        assert answer.status_code == 200, answer.status_code


def ask_and_book():
    """The other half: whoever an event named is asked about at the provider, and what it shows is booked."""
    from marketplace.payments.models import ProviderEvent
    from marketplace.payments.tasks import read_provider_events

    while ProviderEvent.objects.unread().exists():
        read_provider_events()


def seconds(deed, *arguments):
    began = time.perf_counter()
    deed(*arguments)
    return time.perf_counter() - began


def naive(events, at):
    """What one writes first: believe each signed event, and credit what it says in a transaction of its own."""
    from django.db import transaction

    Account, Journal, Entry = naive_models()
    for number, (body, header) in enumerate(events):
        stripe.WebhookSignature.verify_header(body, header, SECRET)
        event = json.loads(body)
        if event["type"] != PAID:
            continue
        with transaction.atomic():
            purse = Account.objects.select_for_update().get(owner="BENCH-001", kind="purse")
            purse.balance += event["data"]["object"]["amount"]
            purse.save()
            journal = Journal.objects.create(reference=f"event:{number}", booked_at=at)
            Entry.objects.create(journal=journal, account=purse, amount=event["data"]["object"]["amount"])


def a_month(count, firm, at):
    """Payments taken over three hours ago, and the provider's lines of them: some say a fen more."""
    from marketplace.payments.models import Payment
    from marketplace.payments.stripe_gateway import Entry

    chance, then = random.Random(42), at - timedelta(hours=3)
    payments = Payment.objects.bulk_create(
        Payment(
            code=f"PMBENCH{n}", organization=firm, purpose="top_up", method="alipay", amount=chance.randint(100, 10**6),
            status="paid", provider_id=f"pi_bench_{n}", intent_id=f"pi_bench_{n}", idempotency_key=f"month-{n}",
            created_at=then, pay_by=at, paid_at=then,
        )
        for n in range(count)
    )  # fmt: skip
    return [
        Entry(
            f"txn_bench_{n}",
            "charge",
            p.intent_id,
            p.amount + (n % BREAK_EVERY == 0),
            p.amount // 100,
            "cny",
            then,
        )
        for n, p in enumerate(payments)
    ]


def naive_reconciliation(entries):
    """What one writes first: for each line of the account, look its payment up and compare."""
    from marketplace.payments.models import Payment, ProviderEntry

    found = set()
    for entry in entries:
        row, _is_new = ProviderEntry.objects.get_or_create(
            entry_id=f"naive_{entry.entry_id}",
            defaults={
                "kind": "naive", "about": f"naive_{entry.about}", "amount": entry.amount, "fee": entry.fee,
                "currency": entry.currency, "booked_at": entry.booked_at - timedelta(days=90),
            },
        )  # fmt: skip
        payment = Payment.objects.filter(intent_id=entry.about).first()
        if payment is None or payment.amount != row.amount:
            found.add(payment.code)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=300)
    parser.add_argument("--month", type=int, default=10_000)
    wishes = parser.parse_args()
    with Throwaway() as servers, Peer() as peer:
        os.environ.update(prepare(servers))
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_API_BASE": peer.url,
            # A provider's post comes from many addresses, and here from one.
            "RATE_LIMIT_ADDRESS": "1000000",
        }
        import django

        django.setup()
        from django.utils import timezone

        from marketplace.ledger.models import Journal, Kind
        from marketplace.ledger.queries import balance
        from marketplace.payments import clearing
        from marketplace.settlement import queries as books
        from portal.organizations.models import Organization
        from portal.shell.tenancy import work_for_the_city

        work_for_the_city()
        naive_tables(servers)
        at, firm = timezone.now(), Organization.objects.get(code="EN-LUDAO")
        for provider_id in open_at(peer, wishes.payments, firm, at):
            peer.pay(provider_id)
        events = a_bad_post(peer)
        due = sum(10_000 + n for n in range(wishes.payments))

        base = len(events) / seconds(naive, events, at)
        believed = naive_models()[0].objects.get(owner="BENCH-001", kind="purse").balance - 10**9
        door, desk = seconds(through_the_door, events), seconds(ask_and_book)
        booked, journals = balance(Kind.PSP, "stripe"), Journal.objects.count()
        through_the_door(events)
        ask_and_book()
        is_right = booked == balance(Kind.PSP, "stripe") == due and journals == Journal.objects.count()
        speed = len(events) / (door + desk)
        print(f"{len(events)} events of {wishes.payments} payments, doubled, late and out of order")
        print(
            f"  believed, credited one by one   {base:>6.0f} events/s    1.0x  {believed - due:>9} fen too much"
        )
        print(
            f"  kept, asked about, booked once  {speed:>6.0f} events/s {speed / base:>6.2f}x  {booked - due:>9} fen too much"
            f"   the door alone {len(events) / door:.0f} events/s, asking and booking {wishes.payments / desk:.0f} payments/s;"
            f" all again: {'nothing moved' if is_right else 'MOVED'}"
        )
        wrong = list(books.breaks())
        print(f"  {len(wrong)} disagreements", *wrong[:10], sep="\n    ")

        entries = a_month(wishes.month, firm, at)
        few = entries[: max(1, len(entries) // 10)]
        base = len(few) / seconds(naive_reconciliation, few)
        began = time.perf_counter()
        clearing.take_entries(entries, at=at)
        found = clearing.compare(at=at)
        took = time.perf_counter() - began
        named = {row.about for row in found if row.kind == "other_amount"}
        expected = {f"PMBENCH{n}" for n in range(0, wishes.month, BREAK_EVERY)}
        print(f"{wishes.month} payments held against the provider's account, its fees booked: {took:.1f} s")
        print(
            f"  line by line {base:>8.0f} lines/s    at once {wishes.month / took:>8.0f} lines/s {wishes.month / took / base:>6.1f}x"
            f"   {len(named)} of {len(expected)} breaks named"
        )
    return int(bool(wrong) or not is_right or named != expected)


if __name__ == "__main__":
    sys.exit(main())
