"""What the bank says becomes books, once; what does not explain itself waits; a closed day stays closed."""

import random
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.bank import actions as bank
from marketplace.bank import queries
from marketplace.bank.actions import AlreadyTaken, BadStatement, CannotClose, CannotSettle
from marketplace.bank.models import BankDay, BankFile, BankLine
from marketplace.bank.tasks import credit_bank_lines
from marketplace.ledger.models import Journal, Kind
from marketplace.ledger.queries import balance
from marketplace.payments import actions as payments
from marketplace.payments.actions import AlreadyRecorded
from marketplace.payments.models import BankReceipt
from marketplace.settlement import queries as books
from portal.audit.models import Event
from portal.organizations import actions as organizations
from portal.organizations.credit_code import check_digit
from portal.shell.exceptions import IllegalMove
from tests.city import NOON, transfer

HEAD = "交易日期,交易流水号,支出,收入,余额,对方户名,附言\n"
TODAY = date(2026, 11, 21)
BODY = "91350200MA0000U9X"
CREDIT_CODE = BODY + check_digit(BODY)
MINE = "厦门鹭岛智能科技有限公司"


def statement(*rows, opening=0):
    """A file of (reference, fen, counterparty, remark[, day])."""
    text, at = HEAD, opening
    for reference, amount, party, remark, *day in rows:
        at += amount
        came, went = (amount, 0) if amount > 0 else (0, -amount)
        text += f"{day[0] if day else TODAY},{reference},{went / 100:.2f},{came / 100:.2f},{at / 100:.2f},{party},{remark}\n"
    return text.encode()


def take(city, content, name="11-21.csv"):
    file = bank.take_file(name=name, content=content, by=city.finance, at=NOON)
    credit_bank_lines()
    return file


@pytest.fixture
def clean(city):
    """The demonstration city's receipts have been seen at the bank."""
    rows = [
        (r.bank_reference, r.amount, r.organization.name, r.organization.code, r.received_on)
        for r in BankReceipt.objects.order_by("id")
    ]
    take(city, statement(*rows), "opening.csv")
    city.opening = sum(row[1] for row in rows)
    city.purse = balance(Kind.PREPAID, "EN-LUDAO")
    return city


def line(reference) -> BankLine:
    return BankLine.objects.get(bank_reference=reference)


def test_the_account_that_money_came_from_lies_sealed(clean):
    head, row = statement(("A1", 100, "某公司", "无"), opening=clean.opening).decode().splitlines()
    content = f"{head},对方账号\n{row},6222020000001234\n".encode()

    take(clean, content)

    assert line("A1").counter_account == "6222020000001234"
    with connection.cursor() as cursor:
        cursor.execute("SELECT counter_account FROM marketplace_bankline WHERE bank_reference = 'A1'")
        assert "6222020000001234" not in cursor.fetchone()[0]


def test_money_with_a_firms_number_from_the_firm_itself_is_credited_at_once(clean):
    name, remark = clean.ludao.name, "货款 en-ludao　请查收"

    take(clean, statement(("F1", 50_000, name, remark), opening=clean.opening))

    assert line("F1").status == BankLine.Status.MATCHED
    assert balance(Kind.PREPAID, "EN-LUDAO") == clean.purse + 50_000
    assert balance(Kind.BANK, "platform") == clean.opening + 50_000
    assert books.breaks() == []


def test_a_firm_that_joined_by_itself_is_known_by_the_number_it_was_given(clean):
    newcomer = organizations.found(
        name="新来科技有限公司", district="huli", credit_code=CREDIT_CODE, by=clean.charlie, at=NOON
    )
    rows = ("F1", 50_000, newcomer.name, f"充值{newcomer.code.lower()}请查收")

    take(clean, statement(rows, opening=clean.opening))

    assert (line("F1").status, line("F1").payer) == (BankLine.Status.MATCHED, newcomer)


@pytest.mark.parametrize(
    ("party", "remark", "finding"),
    [
        ("云顶科技", "EN-LUDAO", "third_party"),
        ("", "EN-LUDAO", "third_party"),
        (MINE, "货款", "no_number"),
        (MINE, "EN-LUDAO EN-YUNDING", "several_numbers"),
        (MINE, "EN-NOBODY", "unknown_number"),
    ],
)
def test_whatever_is_not_certain_waits_for_a_person_and_says_why(clean, party, remark, finding):
    take(clean, statement(("F1", 50_000, party, remark), opening=clean.opening))

    assert (line("F1").status, line("F1").finding) == (BankLine.Status.WAITING, finding)
    assert balance(Kind.PREPAID, "EN-LUDAO") == clean.purse
    assert balance(Kind.SUSPENSE, line("F1").code) == 50_000
    assert books.breaks() == []


def test_the_firm_named_in_the_remark_is_suggested(clean):
    take(clean, statement(("F1", 50_000, "某某个人", "EN-LUDAO"), opening=clean.opening))

    assert queries.suggestion(line("F1")) == clean.ludao


def test_a_file_is_taken_with_the_same_questions_however_long_it_is(clean):
    asked = []
    for length in (3, 30):
        rows = [(f"{length}-{n}", 5, clean.ludao.name, "EN-LUDAO") for n in range(length)]
        at = clean.opening if length == 3 else clean.opening + 15
        with CaptureQueriesContext(connection) as seen:
            bank.take_file(name="x.csv", content=statement(*rows, opening=at), by=clean.finance, at=NOON)
        asked.append(len(seen))

    assert asked[0] == asked[1]
    assert BankLine.objects.certain().count() == 33


def test_a_person_credits_what_waited_once(clean):
    take(clean, statement(("F1", 50_000, "某某个人", "货款"), opening=clean.opening))

    for _again in range(2):
        bank.assign(line_id=line("F1").id, organization=clean.ludao, by=clean.finance, at=NOON)

    assert balance(Kind.PREPAID, "EN-LUDAO") == clean.purse + 50_000
    assert balance(Kind.SUSPENSE, line("F1").code) == 0
    assert Event.objects.filter(name="bank.assigned").count() == 1


def test_what_was_credited_to_one_firm_is_not_credited_to_another(clean):
    take(clean, statement(("F1", 50_000, "某某个人", "货款"), opening=clean.opening))
    bank.assign(line_id=line("F1").id, organization=clean.ludao, by=clean.finance, at=NOON)

    with pytest.raises(AlreadyRecorded):
        bank.assign(line_id=line("F1").id, organization=clean.yunding, by=clean.finance, at=NOON)

    assert line("F1").receipt.organization == clean.ludao


def test_a_fee_is_explained_and_no_firm_pays_for_it(clean):
    take(clean, statement(("F1", -3_550, "", "账户管理费"), ("F2", 12, "", "利息"), opening=clean.opening))

    bank.explain(line_id=line("F1").id, explanation="账户管理费", by=clean.finance, at=NOON)
    bank.explain(line_id=line("F2").id, explanation="存款利息", by=clean.finance, at=NOON)

    assert balance(Kind.BANK_RESULT, "platform") == -3_538
    assert balance(Kind.BANK, "platform") == clean.opening - 3_538
    assert books.breaks() == []


def test_an_expense_is_no_firms_receipt(clean):
    take(clean, statement(("F1", -3_550, "", ""), opening=clean.opening))

    with pytest.raises(CannotSettle):
        bank.assign(line_id=line("F1").id, organization=clean.ludao, by=clean.finance, at=NOON)

    assert line("F1").status == BankLine.Status.WAITING


def test_an_explained_line_is_not_credited_afterwards(clean):
    take(clean, statement(("F1", 12, "", "利息"), opening=clean.opening))
    bank.explain(line_id=line("F1").id, explanation="存款利息", by=clean.finance, at=NOON)

    with pytest.raises(IllegalMove):
        bank.assign(line_id=line("F1").id, organization=clean.ludao, by=clean.finance, at=NOON)

    assert balance(Kind.PREPAID, "EN-LUDAO") == clean.purse
    assert not BankReceipt.objects.filter(bank_reference="F1").exists()


def test_what_finance_recorded_by_hand_is_confirmed_and_not_counted_twice(clean):
    payments.record_bank_receipt(
        organization=clean.ludao,
        bank_reference="F1",
        amount=50_000,
        received_on=TODAY,
        by=clean.finance,
        at=NOON,
    )
    assert queries.standing().unconfirmed_count == 1

    take(clean, statement(("F1", 50_000, "某某个人", ""), opening=clean.opening))

    assert queries.standing().unconfirmed_count == 0
    assert balance(Kind.BANK, "platform") == clean.opening + 50_000
    assert books.breaks() == []


# --- files --------------------------------------------------------------------------------------------
def nothing_moved(act, expected, code):
    before = Journal.objects.count(), BankLine.objects.count(), BankFile.objects.count()

    with pytest.raises(expected) as refused:
        act()

    assert refused.value.code == code
    assert refused.value.message
    assert (Journal.objects.count(), BankLine.objects.count(), BankFile.objects.count()) == before
    told = Event.objects.filter(name="bank.refused")
    assert [event.details["reason"] for event in told] == [code]


def test_the_same_file_again_is_refused_and_told(clean):
    content = statement(("F1", 50_000, clean.ludao.name, "EN-LUDAO"), opening=clean.opening)
    take(clean, content)

    nothing_moved(lambda: take(clean, content, "renamed.csv"), AlreadyTaken, "already_taken")


def test_a_longer_export_brings_only_what_is_new(clean):
    first = ("F1", 50_000, clean.ludao.name, "EN-LUDAO")
    take(clean, statement(first, opening=clean.opening))

    file = take(clean, statement(first, ("F2", 700, clean.ludao.name, "EN-LUDAO"), opening=clean.opening))

    assert file.line_count == 1
    assert balance(Kind.PREPAID, "EN-LUDAO") == clean.purse + 50_700


def test_a_known_line_with_another_amount_is_refused(clean):
    take(clean, statement(("F1", 50_000, "", ""), opening=clean.opening))
    changed = statement(("F1", 50_001, "", ""), opening=clean.opening)

    nothing_moved(lambda: take(clean, changed), BadStatement, "other_amount")


def test_a_receipt_recorded_with_another_amount_is_refused(clean):
    payments.record_bank_receipt(
        organization=clean.ludao,
        bank_reference="F1",
        amount=60_000,
        received_on=TODAY,
        by=clean.finance,
        at=NOON,
    )
    content = statement(("F1", 50_000, "", ""), opening=clean.opening)

    nothing_moved(lambda: take(clean, content), BadStatement, "other_amount")


def test_a_day_left_out_is_noticed(clean):
    later = statement(("F9", 100, "", ""), opening=clean.opening + 5)

    nothing_moved(lambda: take(clean, later), BadStatement, "gap")


def test_an_unreadable_file_is_refused_with_its_rows(clean):
    content = statement(("F1", 50_000, "", "")).replace(b"500.00", b"500.001")

    nothing_moved(lambda: take(clean, content), BadStatement, "bad_statement")


# --- the day's close ----------------------------------------------------------------------------------
def test_a_day_closes_when_everything_is_settled_and_takes_no_more_lines(clean):
    take(clean, statement(("F1", 12, "", "利息"), opening=clean.opening))
    with pytest.raises(CannotClose, match="待处理"):
        bank.close_day(on=TODAY, by=clean.finance, at=NOON)
    bank.explain(line_id=line("F1").id, explanation="存款利息", by=clean.finance, at=NOON)

    day = bank.close_day(on=TODAY, by=clean.finance, at=NOON)

    assert day.closing == clean.opening + 12
    late = statement(("F2", 5, "", ""), opening=clean.opening + 12)
    nothing_moved(lambda: take(clean, late), BadStatement, "day_closed")


def test_the_database_takes_no_line_of_a_closed_day(clean):
    take(clean, statement(("F1", 12, clean.ludao.name, "EN-LUDAO"), opening=clean.opening))
    bank.close_day(on=TODAY, by=clean.finance, at=NOON)
    late = BankLine(
        code="late", file=line("F1").file, bank_reference="F2", booked_on=TODAY, amount=1, finding="no_number"
    )

    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        late.save()


def test_a_receipt_that_the_bank_never_saw_keeps_the_day_open(clean):
    payments.record_bank_receipt(
        organization=clean.ludao, bank_reference="F1", amount=1, received_on=TODAY, by=clean.finance, at=NOON
    )
    take(clean, statement(("F2", 12, clean.ludao.name, "EN-LUDAO"), opening=clean.opening))

    with pytest.raises(CannotClose, match="找不到"):
        bank.close_day(on=TODAY, by=clean.finance, at=NOON)

    assert BankDay.objects.count() == 0


def test_a_day_without_a_file_is_not_closed(clean):
    with pytest.raises(CannotClose, match="还没有导入"):
        bank.close_day(on=date(2026, 12, 24), by=clean.finance, at=NOON)


def test_a_closed_day_is_not_closed_again(clean):
    take(clean, statement(("F1", 12, clean.ludao.name, "EN-LUDAO"), opening=clean.opening))
    bank.close_day(on=TODAY, by=clean.finance, at=NOON)

    with pytest.raises(CannotClose, match="已日结"):
        bank.close_day(on=TODAY, by=clean.finance, at=NOON)


# --- a week ---------------------------------------------------------------------------------------------
KINDS = ("third_party", "no_number", "unknown_number", "several_numbers", "paid_out", "not_at_bank")


def test_every_seeded_break_of_a_week_is_found_and_named(clean):
    """Sixty transfers in six files, one in five wrong in some way; nothing else may be called wrong."""
    chance = random.Random(20261121)
    firms = [clean.ludao, clean.yunding]
    at, seeded = clean.opening, {}
    for day in range(6):
        rows = []
        for number in range(day * 10, day * 10 + 10):
            firm, amount = chance.choice(firms), chance.randrange(1, 10**7)
            reference, party, remark = f"M-{number:04}", firm.name, f"货款 {firm.code}"
            kind = chance.choice(KINDS) if chance.random() < 0.2 else ""
            match kind:
                case "third_party":
                    party = "某某个人"
                case "no_number":
                    remark = "货款"
                case "unknown_number":
                    remark = "EN-9999"
                case "several_numbers":
                    remark = "EN-LUDAO/EN-YUNDING"
                case "paid_out":
                    amount = -amount
                case "not_at_bank":
                    payments.record_bank_receipt(
                        organization=firm, bank_reference=reference, amount=amount,
                        received_on=TODAY, by=clean.finance, at=NOON,
                    )  # fmt: skip
            if kind:
                seeded[reference] = kind
            if kind != "not_at_bank":
                rows.append((reference, amount, party, remark, date(2026, 12, day + 1)))
        take(clean, statement(*rows, opening=at), f"{day}.csv")
        at += sum(row[1] for row in rows)

    found = dict(BankLine.objects.waiting().values_list("bank_reference", "finding"))
    found |= dict.fromkeys(queries.unconfirmed().values_list("bank_reference", flat=True), "not_at_bank")

    assert found == seeded
    assert len(seeded) == 12
    assert books.breaks() == []


# --- transfers that name a payment ---------------------------------------------------------------------
def meant(clean, amount=50_000):
    return transfer(clean, amount=amount)


@pytest.mark.parametrize("written", ["{}", "充值　{}，谢谢", "{} EN-LUDAO"])
def test_a_transfer_with_a_payments_number_pays_it(clean, written):
    payment = meant(clean)
    remark = written.format(payment.code.replace("-", "") if "充值" in written else payment.code)

    take(clean, statement(("F1", 50_000, clean.ludao.name, remark), opening=clean.opening))

    payment.refresh_from_db()
    assert (payment.status, line("F1").payment, line("F1").status) == ("paid", payment, "matched")
    assert balance(Kind.PREPAID, "EN-LUDAO") == clean.purse + 50_000
    assert books.breaks() == []


@pytest.mark.parametrize(
    ("amount", "party", "more", "finding"),
    [
        (49_999, MINE, "", "other_amount"),
        (50_000, "云顶科技", "", "third_party"),
        (50_000, MINE, " EN-YUNDING", "several_numbers"),
        (50_000, MINE, " PM261121-22222222", "several_numbers"),
    ],
)
def test_a_payment_is_not_paid_by_what_does_not_fit_it(clean, amount, party, more, finding):
    payment = meant(clean)

    take(clean, statement(("F1", amount, party, payment.code + more), opening=clean.opening))

    payment.refresh_from_db()
    assert (payment.status, line("F1").finding) == ("open", finding)
    assert balance(Kind.PREPAID, "EN-LUDAO") == clean.purse


def test_a_payment_transferred_twice_is_credited_once_and_the_rest_waits(clean):
    payment = meant(clean)
    rows = [(reference, 50_000, clean.ludao.name, payment.code) for reference in ("F1", "F2", "F3")]

    take(clean, statement(*rows[:2], opening=clean.opening))
    take(clean, statement(*rows[2:], opening=clean.opening + 100_000), "later.csv")

    assert [(line(r).status, line(r).finding) for r in ("F1", "F2", "F3")] == [
        ("matched", ""),
        ("waiting", "paid_already"),
        ("waiting", "paid_already"),
    ]
    assert balance(Kind.PREPAID, "EN-LUDAO") == clean.purse + 50_000
    assert books.breaks() == []


def test_a_person_who_finds_out_whose_it_is_pays_what_it_was_meant_for(clean):
    payment = meant(clean)
    take(clean, statement(("F1", 50_000, "某某个人", payment.code), opening=clean.opening))
    assert queries.suggestion(line("F1")) == clean.ludao

    bank.assign(line_id=line("F1").id, organization=clean.ludao, by=clean.finance, at=NOON)

    payment.refresh_from_db()
    assert payment.status == "paid"


def test_a_transfer_that_came_after_its_time_is_still_the_firms(clean):
    payment = meant(clean)
    payments.give_up(payment_id=payment.id, reason="late", at=NOON)

    take(clean, statement(("F1", 50_000, clean.ludao.name, payment.code), opening=clean.opening))

    payment.refresh_from_db()
    assert (payment.status, payment.reason) == ("paid", "")
