"""The ledger's speed: metered usage posted in batches, one by one, and by plain ORM code; a busy account's balance."""

import argparse
import os
import random
import statistics
import sys
import time
from contextlib import closing
from datetime import timedelta
from functools import cache, partial
from itertools import islice

import psutil
import psycopg2

from config.embedded.postgres import APPLICATION, OWNER
from config.embedded.throwaway import Throwaway
from tests.bench.house import prepare

PURSES = 200


def transfers(count, seed=42):
    """(purse, fen) pairs: money leaves a firm's purse for its own hold account."""
    chance = random.Random(seed)
    return [(f"BENCH-{chance.randrange(PURSES):03}", chance.randrange(1, 500)) for _ in range(count)]


def postings(work, run, at):
    """What orders ask of the ledger: a journal for each transfer, with its own reference."""
    from marketplace.ledger.actions import Posting, transfer
    from marketplace.ledger.models import Cause, Kind

    for number, (purse, fen) in enumerate(work):
        lines = transfer(fen, (Kind.PREPAID, purse), (Kind.PREPAID_HELD, purse))
        yield Posting(f"{run}:{number}", Cause.ORDER_HELD, purse, lines, at)


def fill(at):
    """Money to move, and every account in place before anything is measured."""
    from marketplace.ledger import actions as ledger
    from marketplace.ledger.actions import PLATFORM, transfer
    from marketplace.ledger.models import Cause, Kind

    purses = [f"BENCH-{number:03}" for number in range(PURSES)]
    for purse in purses:
        ledger.post(
            f"bench-fill:{purse}", kind=Cause.BANK_RECEIPT, subject=purse,
            lines=transfer(10**9, (Kind.BANK, PLATFORM), (Kind.PREPAID, purse)), at=at,
        )  # fmt: skip
    ledger.post_all(list(postings([(purse, 1) for purse in purses], "bench-open", at)))


def one_by_one(work, run, at):
    """The product's ledger as an order uses it: a journal and a transaction for each transfer."""
    from marketplace.ledger import actions as ledger

    for posting in postings(work, run, at):
        ledger.post_all([posting])


def in_batches(work, run, at, size):
    """The same journals, `size` of them in one transaction."""
    from marketplace.ledger import actions as ledger

    every = postings(work, run, at)
    while batch := list(islice(every, size)):
        ledger.post_all(batch)


TABLES = """
    CREATE TABLE bench_account (id bigserial PRIMARY KEY, owner text, kind text, balance bigint, UNIQUE (owner, kind));
    CREATE TABLE bench_journal (id bigserial PRIMARY KEY, reference text UNIQUE, booked_at timestamptz);
    CREATE TABLE bench_entry (id bigserial PRIMARY KEY, amount bigint,
        journal_id bigint REFERENCES bench_journal, account_id bigint REFERENCES bench_account);
    GRANT ALL ON bench_account, bench_journal, bench_entry TO {role};
    GRANT USAGE ON SEQUENCE bench_account_id_seq, bench_journal_id_seq, bench_entry_id_seq TO {role};
"""


def naive_tables(servers):
    """Tables with nothing but keys, for code that keeps its own balances. The ledger's own refuse such code."""
    with (
        closing(psycopg2.connect(servers.postgres.url(OWNER))) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(TABLES.format(role=APPLICATION))
        cursor.execute(
            "INSERT INTO bench_account (owner, kind, balance) SELECT 'BENCH-' || to_char(n, 'FM000'), kind, 1000000000"
            " FROM generate_series(0, %s) n, unnest(ARRAY['purse', 'hold']) kind",
            [PURSES - 1],
        )
        cursor.execute("ANALYZE")


@cache
def naive_models():
    from django.db import models

    class Account(models.Model):
        owner, kind, balance = models.TextField(), models.TextField(), models.BigIntegerField()

        class Meta:
            app_label, db_table = "bench", "bench_account"

    class Journal(models.Model):
        reference, booked_at = models.TextField(unique=True), models.DateTimeField()

        class Meta:
            app_label, db_table = "bench", "bench_journal"

    class Entry(models.Model):
        journal = models.ForeignKey(Journal, on_delete=models.PROTECT)
        account = models.ForeignKey(Account, on_delete=models.PROTECT)
        amount = models.BigIntegerField()

        class Meta:
            app_label, db_table = "bench", "bench_entry"

    return Account, Journal, Entry


def naive(work, run, at):
    """What one writes first: lock two accounts, look at the balance, save a journal, two entries, two balances."""
    from django.db import transaction

    Account, Journal, Entry = naive_models()
    for number, (purse, fen) in enumerate(work):
        with transaction.atomic():
            hold, owned = Account.objects.select_for_update().filter(owner=purse).order_by("kind")
            if owned.balance < fen:
                raise ValueError("the purse is empty")
            journal = Journal.objects.create(reference=f"{run}:{number}", booked_at=at)
            for account, amount in ((owned, -fen), (hold, fen)):
                account.balance += amount
                account.save()
                Entry.objects.create(journal=journal, account=account, amount=amount)


def rate(deed, work, *arguments):
    """Transfers per second, and per second of processor time of this process and its database together."""
    began, cpu = time.perf_counter(), processor_seconds()
    deed(work, *arguments)
    return len(work) / (time.perf_counter() - began), len(work) / (processor_seconds() - cpu)


def processor_seconds():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time() + backend.user + backend.system


def busy_account(entries, at):
    """Milliseconds (median, 95th percentile) to tell the balance of one account with many entries; whole sum equal."""
    from django.db import connection
    from django.db.models import Sum

    from marketplace.ledger import actions as ledger
    from marketplace.ledger.actions import PLATFORM, Posting, transfer
    from marketplace.ledger.models import Cause, Entry, Kind
    from marketplace.ledger.queries import balance

    def receipts(start, end):
        for n in range(start, end):
            lines = transfer(1 + n % 997, (Kind.BANK, PLATFORM), (Kind.PREPAID, f"BENCH-{n % PURSES:03}"))
            yield Posting(f"busy:{n}", Cause.BANK_RECEIPT, "busy", lines, at)

    for start in range(0, entries, 5000):
        ledger.post_all(list(receipts(start, start + 5000)))
    while ledger.seal(at=at, limit=20_000):
        pass
    ledger.take_snapshots(at=at + timedelta(hours=2))
    # What has come since the last hourly snapshot is summed each time.
    ledger.post_all(list(receipts(entries, entries + 5000)))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE marketplace_entry")
    took = []
    for _again in range(200):
        began = time.perf_counter()
        found = balance(Kind.BANK, PLATFORM)
        took.append((time.perf_counter() - began) * 1000)
    began = time.perf_counter()
    whole = Entry.objects.filter(account__kind=Kind.BANK).aggregate(total=Sum("amount"))["total"]
    naive_ms = (time.perf_counter() - began) * 1000
    return statistics.median(took), statistics.quantiles(took, n=20)[-1], naive_ms, found == whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transfers", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--entries", type=int, default=1_000_000)
    wishes = parser.parse_args()
    with Throwaway() as servers:
        os.environ.update(prepare(servers))
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django

        django.setup()
        from django.utils import timezone

        from marketplace.ledger import queries as books

        at = timezone.now()
        fill(at)
        naive_tables(servers)
        work = transfers(wishes.transfers)
        few = work[: max(1, len(work) // 20)]
        ways = {
            "plain ORM, one transaction per transfer": (naive, few),
            "ledger.post_all, one transaction per transfer": (one_by_one, few),
        } | {
            f"ledger.post_all, {size:,} journals at once": (partial(in_batches, size=size), work)
            for size in (10, 100, 1000, 5000)
        }
        # Round by round, so that a neighbour on the same machine slows all ways alike.
        rounds = [
            [rate(deed, some, f"{way}:{number}", at) for way, (deed, some) in enumerate(ways.values())]
            for number in range(wishes.rounds)
        ]
        print(
            f"{len(work)} transfers between {PURSES} purses and their holds; a transfer is a journal of two entries;"
            f" medians of {len(rounds)} rounds, ratios by the clock and by processor time"
        )
        for way, name in enumerate(ways):
            speed, of_cpu, ratio, cpu_ratio = (
                statistics.median(column)
                for column in zip(
                    *((*each[way], each[way][0] / each[0][0], each[way][1] / each[0][1]) for each in rounds)
                )
            )
            print(
                f"  {name:<46} {speed:>7.0f} transfers/s {ratio:>6.1f}x {cpu_ratio:>6.1f}x"
                f"   {2 * of_cpu:>7.0f} entries per CPU-second"
            )
        median, late, naive_ms, is_right = busy_account(wishes.entries, at)
        print(
            f"balance of an account with {wishes.entries + 5000} entries: median {median:.2f} ms, p95 {late:.2f} ms; "
            f"summed whole {naive_ms:.0f} ms ({naive_ms / median:.0f}x); {'equal' if is_right else 'NOT EQUAL'}"
        )
        wrong = list(books.breaks())
        print(f"  {len(wrong)} disagreements", *wrong[:10], sep="\n    ")
    return int(bool(wrong) or not is_right)


if __name__ == "__main__":
    sys.exit(main())
