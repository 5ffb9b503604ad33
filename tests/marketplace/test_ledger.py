"""What the books and the database behind them refuse."""

import os
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from marketplace.ledger import actions as ledger
from marketplace.ledger import queries as books
from marketplace.ledger.actions import (
    AlreadyReversed,
    InsufficientFunds,
    Line,
    Posting,
    ReferenceReused,
    transfer,
)
from marketplace.ledger.chart import routes
from marketplace.ledger.models import CHART, Account, Cause, Entry, Journal, JournalSeal, Kind, Snapshot
from marketplace.ledger.queries import balance, balance_as_of
from tests.city import NOON

pytestmark = pytest.mark.django_db


def receipt(amount, owner="EN-A", reference="in", at=NOON) -> Posting:
    lines = transfer(amount, (Kind.BANK, "platform"), (Kind.PREPAID, owner))
    return Posting(reference, Cause.BANK_RECEIPT, "RC", lines, at)


def top_up(amount, owner="EN-A", reference="in", at=NOON) -> Journal:
    return Journal.objects.get(id=ledger.post_all([receipt(amount, owner, reference, at)])[0])


def as_owner(statement):
    """What only somebody with the owner's rights, who also switches the guards off, could do."""
    tables = ["marketplace_journal", "marketplace_entry", "marketplace_journalseal"]
    role = os.environ["DATABASE_APP_ROLE"]
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE; SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("; ".join(f"ALTER TABLE {table} DISABLE TRIGGER append_only" for table in tables))
        cursor.execute(statement)
        cursor.execute("; ".join(f"ALTER TABLE {table} ENABLE TRIGGER append_only" for table in tables))
        cursor.execute(f"SET ROLE {role}")


def test_a_posting_moves_both_sides():
    top_up(500)

    assert balance(Kind.BANK, "platform") == 500
    assert balance(Kind.PREPAID, "EN-A") == 500
    assert Account.objects.get(kind=Kind.PREPAID).balance == 500


def test_the_same_reference_posts_once():
    first = top_up(500)
    second = top_up(500)

    assert first == second
    assert Entry.objects.count() == 2


def test_a_bounded_account_never_falls_below_zero():
    top_up(500)

    with pytest.raises(InsufficientFunds):
        ledger.post(
            "out",
            kind=Cause.ORDER_HELD,
            subject="x",
            lines=transfer(501, (Kind.PREPAID, "EN-A"), (Kind.PREPAID_HELD, "EN-A")),
            at=NOON,
        )

    assert balance(Kind.PREPAID, "EN-A") == 500
    assert Journal.objects.count() == 1


def test_the_database_refuses_an_unbalanced_journal():
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        ledger.post("bad", kind=Cause.STATEMENT, subject="x", lines=[Line(Kind.BANK, "platform", 5)], at=NOON)

    assert Entry.objects.count() == 0


def test_books_may_not_balance_each_other():
    lines = [Line(Kind.BANK, "platform", 5), Line(Kind.POOL, "PG", -5)]

    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        ledger.post("bad", kind=Cause.STATEMENT, subject="x", lines=lines, at=NOON)


def test_a_closed_journal_takes_no_more_legs():
    journal = top_up(500)
    bank, prepaid = Account.objects.get(kind=Kind.BANK), Account.objects.get(kind=Kind.PREPAID)

    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.bulk_create(
            [
                Entry(journal=journal, account=bank, amount=1),
                Entry(journal=journal, account=prepaid, amount=-1),
            ]
        )

    assert balance(Kind.PREPAID, "EN-A") == 500


@pytest.mark.parametrize("lost", ["journal_id", "account_id"])
def test_a_leg_names_a_journal_and_an_account_that_are_there(lost):
    leg = Entry.objects.get(journal=top_up(500), amount=500)
    known = {"journal_id": leg.journal_id, "account_id": leg.account_id}

    with pytest.raises(IntegrityError, match="that is not there"), transaction.atomic():
        Entry.objects.create(amount=5, **known | {lost: 999_999})

    assert Entry.objects.count() == 2


@pytest.mark.parametrize(
    "change", ["DELETE FROM {}", "UPDATE {} SET id = id + 1000", "UPDATE {} SET owner = 'EN-B'"]
)
def test_an_account_with_legs_can_be_neither_renamed_nor_taken_away(change):
    top_up(500)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        as_owner(change.format("marketplace_account"))

    assert balance(Kind.PREPAID, "EN-A") == 500


@pytest.mark.parametrize(
    "change", [lambda: Entry.objects.update(amount=1), lambda: Journal.objects.all().delete()]
)
def test_history_cannot_be_rewritten(change):
    top_up(500)

    with pytest.raises(DatabaseError), transaction.atomic():
        change()

    assert balance(Kind.PREPAID, "EN-A") == 500


def test_the_application_may_not_touch_a_balance():
    top_up(500)

    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        Account.objects.update(balance=10**9)


def test_an_account_opens_empty():
    Account.objects.create(
        code="c", book="CNY", kind=Kind.PREPAID, owner="EN-Z", side=-1, is_bounded=True, balance=10**9
    )

    assert balance(Kind.PREPAID, "EN-Z") == 0


# --- roads --------------------------------------------------------------------------------------------
def test_a_balanced_journal_on_the_wrong_accounts_is_refused():
    top_up(500)

    with pytest.raises(IntegrityError, match="road"), transaction.atomic():
        ledger.post(
            "theft",
            kind=Cause.ORDER_HELD,
            subject="x",
            lines=transfer(500, (Kind.PREPAID, "EN-A"), (Kind.COMMISSION, "platform")),
            at=NOON,
        )

    assert balance(Kind.PREPAID, "EN-A") == 500
    assert Journal.objects.count() == 1


def test_the_database_knows_the_same_roads_as_the_code():
    with connection.cursor() as cursor:
        cursor.execute("SELECT cause, kind, side FROM ledger_routes() ORDER BY 1, 2, 3")

        assert cursor.fetchall() == routes()


def test_every_account_can_be_reached_and_left_by_some_road():
    moved = {(kind, side) for _cause, kind, side in routes()}

    assert {kind for kind, _side in moved} == {str(kind) for kind in CHART}


# --- many at once -------------------------------------------------------------------------------------
def test_many_journals_are_posted_in_three_statements_however_many(django_assert_num_queries):
    batch = [receipt(n, f"EN-{n % 7}", f"in-{n}") for n in range(1, 201)]
    top_up(1, "EN-0", "first")
    ledger.post_all([receipt(1, f"EN-{n}", f"open-{n}") for n in range(7)])

    # A savepoint around all, one around the entries.
    with django_assert_num_queries(7):
        posted = ledger.post_all(batch)

    references = dict(Journal.objects.values_list("id", "reference"))
    assert [references[id] for id in posted] == [p.reference for p in batch]
    assert balance(Kind.BANK, "platform") == sum(range(1, 201)) + 8
    assert sum(balance(Kind.PREPAID, f"EN-{n}") for n in range(7)) == sum(range(1, 201)) + 8


def test_a_batch_that_repeats_older_journals_posts_only_what_is_new():
    first = ledger.post_all([receipt(5, "EN-A", "a"), receipt(7, "EN-B", "b")])

    again = ledger.post_all([receipt(9, "EN-C", "c"), receipt(7, "EN-B", "b"), receipt(5, "EN-A", "a")])

    assert first == [again[2], again[1]]
    assert balance(Kind.BANK, "platform") == 21


def test_one_impossible_journal_undoes_its_whole_batch():
    top_up(100)
    out = transfer(101, (Kind.PREPAID, "EN-A"), (Kind.PREPAID_HELD, "EN-A"))

    with pytest.raises(InsufficientFunds):
        ledger.post_all([receipt(5, "EN-B", "b"), Posting("out", Cause.ORDER_HELD, "x", out, NOON)])

    assert Journal.objects.count() == 1
    assert balance(Kind.PREPAID, "EN-B") == 0


def test_a_reference_that_comes_back_with_other_money_is_refused():
    top_up(500)

    with pytest.raises(ReferenceReused, match="^in$"):
        top_up(501)

    assert balance(Kind.PREPAID, "EN-A") == 500


# --- reversal -----------------------------------------------------------------------------------------
def test_a_reversal_mirrors_the_recorded_legs_once():
    journal = top_up(500)

    first = ledger.reverse(journal, at=NOON)
    second = ledger.reverse(journal, at=NOON)

    assert first == second
    assert balance(Kind.PREPAID, "EN-A") == balance(Kind.BANK, "platform") == 0
    assert Journal.objects.get(id=first).reverses == journal


def test_what_was_spent_meanwhile_cannot_be_reversed():
    journal = top_up(500)
    held = transfer(1, (Kind.PREPAID, "EN-A"), (Kind.PREPAID_HELD, "EN-A"))
    ledger.post("held", kind=Cause.ORDER_HELD, subject="x", lines=held, at=NOON)

    with pytest.raises(InsufficientFunds):
        ledger.reverse(journal, at=NOON)

    assert balance(Kind.PREPAID, "EN-A") == 499


def test_a_reversal_is_not_reversed():
    reversal = Journal.objects.get(id=ledger.reverse(top_up(500), at=NOON))

    with pytest.raises(AlreadyReversed):
        ledger.reverse(reversal, at=NOON)


def test_the_database_refuses_a_reversal_that_is_no_mirror():
    journal = top_up(500)
    top_up(500, "EN-B", "other")
    lines = transfer(500, (Kind.PREPAID, "EN-B"), (Kind.BANK, "platform"))

    with pytest.raises(IntegrityError, match="mirror"), transaction.atomic():
        ledger.post_all([Posting("wrong", Cause.REVERSAL, "x", lines, NOON, journal.id)])

    assert balance(Kind.PREPAID, "EN-B") == 500


# --- time ---------------------------------------------------------------------------------------------
def test_a_balance_is_known_for_any_day_by_booking_and_by_knowledge():
    top_up(500, reference="on time", at=NOON)
    known = Journal.objects.get(reference="on time").created_at
    top_up(70, reference="late news", at=NOON - timedelta(days=3))

    assert balance_as_of(Kind.PREPAID, "EN-A", booked=NOON - timedelta(days=1)) == 70
    assert balance_as_of(Kind.PREPAID, "EN-A", booked=NOON) == 570
    assert balance_as_of(Kind.PREPAID, "EN-A", booked=NOON, known=known) == 500


def test_a_busy_account_is_summed_from_its_last_snapshot(django_assert_max_num_queries):
    ledger.post_all([receipt(n, "EN-A", f"in-{n}") for n in range(1, 51)])
    later = NOON + timedelta(hours=2)
    ledger.seal(at=NOON)

    assert ledger.take_snapshots(at=later, entries=50) == 1
    assert ledger.take_snapshots(at=later, entries=50) == 0
    top_up(1000)

    assert Snapshot.objects.get().total == 1275
    assert balance(Kind.BANK, "platform") == 2275
    assert list(books.breaks()) == []


def test_what_is_younger_than_an_hour_is_not_snapshotted():
    top_up(500)
    ledger.seal(at=NOON)

    assert ledger.take_snapshots(at=NOON + timedelta(minutes=59), entries=1) == 0


# --- the chain ----------------------------------------------------------------------------------------
@pytest.fixture
def sealed(db):
    """Twenty journals, chained and anchored."""
    ledger.post_all([receipt(n, "EN-A", f"in-{n:02}") for n in range(1, 21)])
    while ledger.seal(at=NOON, limit=6):
        pass
    ledger.anchor()


def test_every_journal_is_chained_once(sealed):
    assert ledger.seal(at=NOON) == 0
    assert list(JournalSeal.objects.order_by("id").values_list("position", flat=True)) == [*range(1, 21)]
    assert list(books.breaks()) == []


REWRITINGS = {
    "another time": ("UPDATE marketplace_journal SET booked_at = booked_at - interval '1 day' WHERE reference = 'in-07'", "in-07: edited"),
    "another subject": ("UPDATE marketplace_journal SET subject = 'RC2' WHERE reference = 'in-07'", "in-07: edited"),
    "two legs more": (
        "UPDATE marketplace_entry SET amount = amount * 2 WHERE journal_id = (SELECT id FROM marketplace_journal WHERE reference = 'in-07')",
        "in-07: edited",
    ),
    "legs of two swapped": (
        "UPDATE marketplace_entry e SET journal_id = CASE WHEN j.reference = 'in-07' THEN k.id ELSE k.id - 1 END"
        " FROM marketplace_journal j, marketplace_journal k"
        " WHERE j.id = e.journal_id AND j.reference IN ('in-07', 'in-08')"
        " AND k.reference = 'in-08'",
        "in-07: edited",
    ),
    "a journal gone": (
        "DELETE FROM marketplace_journalseal WHERE journal_id = (SELECT id FROM marketplace_journal WHERE reference = 'in-07')",
        "after JN-6: missing",
    ),
    "the tail cut off": (
        "DELETE FROM marketplace_journalseal WHERE position > 15",
        "after JN-15: truncated",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", REWRITINGS)
def test_a_rewritten_row_is_found_and_named(sealed, how):
    statement, named = REWRITINGS[how]

    as_owner(statement)

    assert any(line.startswith(f"journal {named}") for line in books.breaks()), list(books.breaks())


def test_legs_whose_journal_was_taken_away_are_named():
    kept, lost = top_up(500), top_up(300, reference="lost")
    legs = Entry.objects.filter(journal=lost).order_by("id").values_list("id", flat=True)

    as_owner(f"DELETE FROM marketplace_journal WHERE id = {lost.id}")

    assert list(books.breaks()) == [f"entry {leg}: its journal is gone" for leg in legs]
    assert kept.entries.count() == 2


def test_sealing_everything_anew_contradicts_the_citys_record(sealed):
    as_owner("UPDATE marketplace_journal SET subject = 'RC2' WHERE reference = 'in-07'")
    as_owner("DELETE FROM marketplace_journalseal")

    ledger.seal(at=NOON)

    assert list(books.breaks()) == ["journal after JN-0: resealed (JN-1)"]
