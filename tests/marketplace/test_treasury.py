"""A treasury is shown what its programme redeemed, clause by clause, and pays it by one bank line."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from marketplace.bank import actions as bank
from marketplace.bank.models import BankLine
from marketplace.bank.tasks import credit_bank_lines
from marketplace.billing import actions as billing
from marketplace.billing.models import BillPart
from marketplace.funding.models import FundingHold
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.payments.models import BankReceipt
from marketplace.settlement import actions as settlement
from marketplace.settlement import queries as books
from marketplace.settlement.models import Statement
from marketplace.settlement.tasks import match_treasury_receipts
from tests.city import DAY, NOON, bill, place, run
from tests.entrance import BACKEND
from tests.marketplace.test_bank import statement as bank_file
from tests.marketplace.test_settlement import used

CITY = "市级·按单抵扣"


@pytest.fixture
def seen(city):
    """What the demonstration city's firms have paid in stands on a bank's file."""
    rows = [
        (r.bank_reference, r.amount, r.organization.name, r.organization.code, r.received_on)
        for r in BankReceipt.objects.order_by("id")
    ]
    bank.take_file(name="opening.csv", content=bank_file(*rows), by=city.finance, at=NOON)
    city.bank = sum(row[1] for row in rows)
    return city


def close(at=NOON + DAY):
    rows = settlement.close(until=at, by=None, at=at)
    return [s for s in rows if s.kind == Statement.Kind.PROGRAMME and s.party == "PG-CITY-2026"]


@pytest.fixture
def shown(seen):
    """The city's statement of 25.40."""
    used(seen)
    return close()[0]


def treasury_pays(city, *rows):
    lines = [(reference, fen, "厦门市财政局", remark) for reference, fen, remark in rows]
    bank.take_file(name="x.csv", content=bank_file(*lines, opening=city.bank), by=city.finance, at=NOON)
    city.bank += sum(row[1] for row in rows)
    credit_bank_lines()
    match_treasury_receipts()


def test_a_part_paid_by_a_subsidy_names_its_clause(seen):
    used(seen)

    clauses = {part.payer: part.clause for part in BillPart.objects.all()}

    assert clauses["PG-CITY-2026"] == CITY
    assert clauses["EN-LUDAO"] == ""


def test_a_programme_with_two_clauses_gets_two_statements(seen):
    used(seen)
    later = used_under(seen, "市级·国产芯片")

    statements = close()

    assert {s.clause: s.gross for s in statements} == {CITY: 2540, "市级·国产芯片": later}
    assert balance(Kind.SUBSIDY_RECEIVABLE, "PG-CITY-2026") == 2540 + later
    assert books.breaks() == []


def used_under(city, clause):
    """Another order, whose city voucher pays under another clause; what the city pays of it."""
    order = place(city, key="k2")
    for hold in FundingHold.objects.filter(order_code=order.code, payer="PG-CITY-2026"):
        hold.explanation = [{"clause": clause, "code": "rate", "values": {}}]
        hold.save(update_fields=["explanation"])
    run(order, seconds=1800)
    bill(order)
    return BillPart.objects.get(line__order=order, payer="PG-CITY-2026").amount


def test_the_treasurys_transfer_pays_its_statement_once(seen, shown):
    treasury_pays(seen, ("T-1", 2540, f"补贴 {shown.code.lower().replace('-', '')}"))
    match_treasury_receipts()

    shown.refresh_from_db()
    assert (shown.status, shown.paid_line.bank_reference) == (Statement.Status.PAID, "T-1")
    assert shown.paid_line.status == BankLine.Status.EXPLAINED
    assert balance(Kind.SUBSIDY_RECEIVABLE, "PG-CITY-2026") == 0
    assert balance(Kind.SUSPENSE, shown.paid_line.code) == 0
    assert books.breaks() == []


@pytest.mark.parametrize(
    ("fen", "remark", "words"),
    [
        (2539, "{code}", "应付 ¥25.40，银行为 ¥25.39"),
        (2540, "ST261121-22222222", "没有补贴结算单"),
        (2540, "{code} ST261121-22222222", "附言有多个结算单号"),
    ],
)
def test_a_transfer_that_fits_no_statement_is_named_and_moves_nothing(seen, shown, fen, remark, words):
    treasury_pays(seen, ("T-1", fen, remark.format(code=shown.code)))

    client = Client()
    client.force_login(seen.finance, backend=BACKEND)
    assert words in client.get("/statements/").content.decode()
    assert Statement.objects.get(id=shown.id).status == Statement.Status.OFFERED
    assert BankLine.objects.get(bank_reference="T-1").status == BankLine.Status.WAITING
    assert books.breaks() == []


def test_a_treasury_that_pays_twice_is_named(seen, shown):
    treasury_pays(seen, ("T-1", 2540, shown.code), ("T-2", 2540, shown.code))

    assert [problem for _line, _found, problem in books.treasury_findings(books.treasury_lines())] == [
        f"结算单 {shown.code} 此前已到账"
    ]


def test_no_programme_is_paid_without_a_bank_line(shown):
    with pytest.raises(IntegrityError, match="treasury_paid_by_a_bank_line"), transaction.atomic():
        Statement.objects.filter(id=shown.id).update(status=Statement.Status.PAID)


def test_what_was_refunded_after_a_statement_is_taken_off_the_next(seen, shown):
    line = shown.lines.get().bill_line
    billing.give_back(line=line, amount=line.gross, reference="back", at=NOON + 2 * DAY)
    (back,) = close(at=NOON + 3 * DAY)
    used(seen, key="k3", at=NOON + 3 * DAY)

    (following,) = close(at=NOON + 4 * DAY)

    assert (back.gross, back.due) == (-2540, -2540)
    assert (following.carried, following.due) == (-2540, following.gross - 2540)
    assert books.breaks() == []
