"""Postings per second of the ledger: one journal per transfer, many transfers in one journal, and plain ORM code."""

import argparse
import os
import random
import sys
import time
from contextlib import closing

import psycopg2

from config.embedded.postgres import APPLICATION, OWNER
from config.embedded.throwaway import Throwaway
from tests.bench.bench_books import prepare

PURSES = 200


def transfers(count, seed=42):
    """(purse, fen) pairs: money leaves a firm's purse for its own hold account."""
    chance = random.Random(seed)
    return [(f"BENCH-{chance.randrange(PURSES):03}", chance.randrange(1, 500)) for _ in range(count)]


def legs(purse, fen):
    from marketplace.ledger.actions import transfer
    from marketplace.ledger.models import Kind

    return transfer(fen, (Kind.PREPAID, purse), (Kind.PREPAID_HELD, purse))


def fill(at):
    """Money to move, and every account in place before anything is measured."""
    from marketplace.ledger import actions as ledger
    from marketplace.ledger.actions import PLATFORM, transfer
    from marketplace.ledger.models import Kind

    for number in range(PURSES):
        purse = f"BENCH-{number:03}"
        ledger.post(
            f"bench-fill:{purse}", kind="bench", subject=purse,
            lines=transfer(10**9, (Kind.BANK, PLATFORM), (Kind.PREPAID, purse)), at=at,
        )  # fmt: skip
        ledger.post(f"bench-open:{purse}", kind="bench", subject=purse, lines=legs(purse, 1), at=at)


def one_by_one(work, run, at):
    """The product's ledger as an order uses it: a journal and a transaction for each transfer."""
    from marketplace.ledger import actions as ledger

    for number, (purse, fen) in enumerate(work):
        ledger.post(f"{run}:{number}", kind="bench", subject=purse, lines=legs(purse, fen), at=at)


def many_at_once(work, run, at, size):
    """The same ledger, `size` transfers to a journal; transfers of one purse merge into one leg."""
    from marketplace.ledger import actions as ledger

    for number in range(0, len(work), size):
        lines = [line for purse, fen in work[number : number + size] for line in legs(purse, fen)]
        ledger.post(f"{run}:{number}", kind="bench", subject=run, lines=lines, at=at)


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


def naive(work, run, at):
    """What one writes first: lock two accounts, look at the balance, save a journal, two entries, two balances."""
    from django.db import models, transaction

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
    """Transfers per second."""
    began = time.perf_counter()
    deed(work, *arguments)
    return len(work) / (time.perf_counter() - began)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transfers", type=int, default=3000)
    count = parser.parse_args().transfers
    with Throwaway() as servers:
        os.environ.update(prepare(servers))
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django

        django.setup()
        from django.utils import timezone

        from marketplace.settlement import queries as books

        at = timezone.now()
        fill(at)
        naive_tables(servers)
        work = transfers(count)
        base = rate(naive, work, "naive", at)
        results = [
            ("plain ORM, one transaction per transfer", base),
            ("ledger.post, one journal per transfer", rate(one_by_one, work, "single", at)),
        ]
        for size in (10, 100, 1000):
            results.append(
                (
                    f"ledger.post, {size} transfers per journal",
                    rate(many_at_once, work, f"by-{size}", at, size),
                )
            )
        print(
            f"{count} transfers between {PURSES} purses and their holds; in one journal, legs of one account merge"
        )
        for name, speed in results:
            print(f"  {name:<42} {speed:>8.0f} transfers/s {speed / base:>6.2f}x")
        wrong = [line for line in books.breaks() if not line.startswith("prepaid_held BENCH-")]
        print(f"  {len(wrong)} disagreements", *wrong[:10], sep="\n    ")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
