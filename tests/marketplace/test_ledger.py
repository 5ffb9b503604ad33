"""What the books and the database behind them refuse."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from marketplace.ledger import actions as ledger
from marketplace.ledger.actions import InsufficientFunds, Line, transfer
from marketplace.ledger.models import Account, Entry, Journal, Kind
from marketplace.ledger.queries import balance
from tests.city import NOON

pytestmark = pytest.mark.django_db


def top_up(amount, owner="EN-A", reference="in"):
    return ledger.post(
        reference,
        kind="bank-receipt",
        subject="RC",
        lines=transfer(amount, (Kind.BANK, "platform"), (Kind.PREPAID, owner)),
        at=NOON,
    )


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
            kind="x",
            subject="x",
            lines=transfer(501, (Kind.PREPAID, "EN-A"), (Kind.BANK, "platform")),
            at=NOON,
        )

    assert balance(Kind.PREPAID, "EN-A") == 500
    assert Journal.objects.count() == 1


def test_the_database_refuses_an_unbalanced_journal():
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        ledger.post("bad", kind="x", subject="x", lines=[Line(Kind.BANK, "platform", 5)], at=NOON)

    assert Entry.objects.count() == 0


def test_books_may_not_balance_each_other():
    lines = [Line(Kind.BANK, "platform", 5), Line(Kind.POOL, "PG", -5)]

    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        ledger.post("bad", kind="x", subject="x", lines=lines, at=NOON)


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
