"""Money leaves by two signatures and one bank line each; what does not fit is named and moves nothing."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from federation.providers.models import Provider
from marketplace.bank import actions as bank
from marketplace.bank.models import BankLine
from marketplace.bank.tasks import credit_bank_lines
from marketplace.ledger.models import Journal, Kind
from marketplace.ledger.queries import balance
from marketplace.payments.models import BankReceipt
from marketplace.payouts import actions as payouts
from marketplace.payouts import queries
from marketplace.payouts.models import Payout, PayoutAccount, PayoutBatch
from marketplace.payouts.tasks import follow_payout_approvals, match_payouts
from marketplace.settlement import answers
from marketplace.settlement import queries as books
from marketplace.settlement.models import Statement
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.audit.models import Event
from portal.organizations.models import Organization
from portal.shell.exceptions import Refusal
from tests.city import DAY, NOON
from tests.entrance import BACKEND
from tests.marketplace.test_bank import statement as bank_file
from tests.marketplace.test_settlement import close, used

NUMBER = "3502000012345678901"


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


@pytest.fixture
def confirmed(seen):
    """The provider's statement of 89.38, confirmed."""
    used(seen)
    (statement,) = close()
    answers.confirm(statement_id=statement.id, by=seen.unicom, at=NOON + DAY)
    statement.refresh_from_db()
    return statement


def decide(city, code, *, agree=True, reason=""):
    word = Approval.objects.get(subject_code=code)
    approvals.decide(approval_id=word.id, approve=agree, reason=reason, by=city.checker, at=NOON + DAY)
    follow_payout_approvals()


def propose_account(city, number=NUMBER):
    provider = Provider.objects.get(code="unicom")
    wish = {"holder": provider.organization.name, "bank_name": "厦门银行", "number": number}
    return payouts.propose_account(provider=provider, **wish, by=city.unicom, at=NOON)


@pytest.fixture
def account(seen):
    account = propose_account(seen)
    decide(seen, account.code)
    account.refresh_from_db()
    return account


def propose(city):
    platform = Organization.objects.get(code="PL-INFO")
    return payouts.propose_batch(organization=platform, by=city.finance, at=NOON + DAY)


@pytest.fixture
def ordered(seen, confirmed, account):
    """The one payment of an approved batch."""
    batch = propose(seen)
    decide(seen, batch.code)
    return batch.payouts.get()


def bank_says(city, *rows):
    """A file of (reference, fen, remark) is taken and read."""
    lines = [(reference, fen, "中国联通厦门分公司", remark) for reference, fen, remark in rows]
    bank.take_file(name="x.csv", content=bank_file(*lines, opening=city.bank), by=city.finance, at=NOON)
    city.bank += sum(row[1] for row in rows)
    credit_bank_lines()
    match_payouts()


def standing(payout):
    payout.refresh_from_db()
    payout.statement.refresh_from_db()
    payout.batch.refresh_from_db()
    return payout.status, payout.statement.status, payout.batch.status


# --- accounts -----------------------------------------------------------------------------------------
def test_an_account_is_sealed_and_in_force_when_finance_agrees(seen, account):
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM marketplace_payoutaccount")
        (written,) = cursor.fetchone()

    assert (account.status, account.decided_by) == (PayoutAccount.Status.IN_FORCE, seen.checker)
    assert (account.number, account.masked) == (NUMBER, "**** 8901")
    assert NUMBER not in written
    assert NUMBER not in str(list(Event.objects.values_list("details", flat=True)))


def test_a_new_account_takes_the_old_ones_place_and_a_refused_one_does_not(seen, account):
    refused = propose_account(seen, "6222000011112222")
    with pytest.raises(payouts.AlreadyProposed):
        propose_account(seen)
    decide(seen, refused.code, agree=False, reason="户名不符")
    replacing = propose_account(seen, "6222000011113333")
    decide(seen, replacing.code)

    kept = dict(PayoutAccount.objects.values_list("ending", "status"))
    assert kept == {"8901": "replaced", "2222": "refused", "3333": "in_force"}


def test_nobody_takes_their_own_account_into_force(seen):
    account = propose_account(seen)

    with pytest.raises(IntegrityError, match="nobody_approves_their_own_account"), transaction.atomic():
        PayoutAccount.objects.filter(id=account.id).update(decided_by=seen.unicom)


# --- batches ------------------------------------------------------------------------------------------
def test_a_statement_is_paid_when_a_second_person_agreed_and_the_bank_says_so(seen, ordered):
    assert standing(ordered) == ("ordered", "approved", "approved")
    assert (balance(Kind.PROVIDER_PAYABLE, "unicom"), balance(Kind.PAYOUT, ordered.statement.code)) == (
        0,
        8938,
    )

    bank_says(seen, ("P-1", -8938, f"结算款{ordered.code.lower()}"))

    assert standing(ordered) == ("paid", "paid", "closed")
    assert ordered.line.status == BankLine.Status.EXPLAINED
    assert balance(Kind.PAYOUT, ordered.statement.code) == 0
    assert balance(Kind.SUSPENSE, ordered.line.code) == 0
    assert balance(Kind.BANK, "platform") == seen.bank
    assert "已付出" in seen.unicom.notices.latest("id").title
    assert books.breaks() == []


def test_the_maker_of_a_batch_does_not_approve_it(seen, confirmed, account):
    batch = propose(seen)
    word = Approval.objects.get(subject_code=batch.code)
    before = Journal.objects.count()

    with pytest.raises(approvals.CannotDecide):
        approvals.decide(approval_id=word.id, approve=True, by=seen.finance, at=NOON)
    with pytest.raises(IntegrityError, match="nobody_approves_their_own_batch"), transaction.atomic():
        payouts.approve_batch(batch_id=batch.id, by=seen.finance, at=NOON)
    follow_payout_approvals()

    assert PayoutBatch.objects.get().status == PayoutBatch.Status.PROPOSED
    assert Journal.objects.count() == before


def test_a_refused_batch_moves_nothing_and_its_statements_may_go_into_another(seen, confirmed, account):
    batch = propose(seen)
    with pytest.raises(payouts.NothingToPay):
        propose(seen)

    decide(seen, batch.code, agree=False, reason="金额待核")

    assert standing(batch.payouts.get()) == ("dropped", "confirmed", "refused")
    assert balance(Kind.PROVIDER_PAYABLE, "unicom") == 8938
    assert propose(seen).count == 1


def test_without_an_account_nothing_is_paid(seen, confirmed):
    with pytest.raises(payouts.NothingToPay):
        propose(seen)

    assert not PayoutBatch.objects.exists()
    assert [row.code for row in queries.payable()] == [confirmed.code]


@pytest.mark.parametrize("status", ["parked", "offered", "disputed"])
def test_what_its_provider_has_not_confirmed_is_not_paid(seen, account, status):
    used(seen)
    (statement,) = close()
    words = {"objection": "少计", "parked_for": [{}]}
    if status == "disputed":
        answers.dispute(statement_id=statement.id, reason=words["objection"], by=seen.unicom, at=NOON)
    if status == "parked":
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE; SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE marketplace_statement DISABLE TRIGGER stands")
        Statement.objects.filter(id=statement.id).update(status=status, parked_for=words["parked_for"])

    with pytest.raises(payouts.NothingToPay):
        propose(seen)


def test_approving_twice_posts_once(seen, ordered):
    before = Journal.objects.count()

    payouts.approve_batch(batch_id=ordered.batch_id, by=seen.checker, at=NOON)
    follow_payout_approvals()

    assert Journal.objects.count() == before


# --- the bank -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fen", "remark", "words"),
    [
        (-8937, "{code}", "为 ¥89.38，银行为 ¥89.37"),
        (-8938, "PO261121-22222222", "没有付款编号"),
        (-8938, "{code} PO261121-22222222", "附言有多个付款编号"),
        (8938, "{code}", "现为“付款中”"),
    ],
)
def test_a_bank_line_that_fits_no_payment_is_named_and_moves_nothing(seen, ordered, fen, remark, words):
    bank_says(seen, ("P-1", fen, remark.format(code=ordered.code)))

    (found,) = queries.findings(queries.open_lines())
    assert words in found.problem
    assert standing(ordered) == ("ordered", "approved", "approved")
    assert BankLine.objects.get(bank_reference="P-1").status == BankLine.Status.WAITING
    assert books.breaks() == []


def test_the_bank_pays_once_and_says_so_twice(seen, ordered):
    bank_says(seen, ("P-1", -8938, ordered.code), ("P-2", -8938, ordered.code))

    assert standing(ordered) == ("paid", "paid", "closed")
    assert BankLine.objects.get(bank_reference="P-2").status == BankLine.Status.WAITING


def test_what_the_bank_sends_back_is_owed_again_and_paid_anew(seen, ordered):
    bank_says(seen, ("P-1", -8938, ordered.code), ("P-2", 8938, f"退汇 {ordered.code}"))

    assert standing(ordered) == ("returned", "confirmed", "closed")
    assert balance(Kind.PROVIDER_PAYABLE, "unicom") == 8938
    assert books.breaks() == []
    again = propose(seen)
    decide(seen, again.code)
    bank_says(seen, ("P-3", -8938, again.payouts.get().code))
    assert standing(again.payouts.get()) == ("paid", "paid", "closed")
    assert books.breaks() == []


def test_a_payment_that_failed_is_owed_again(seen, ordered):
    with pytest.raises(Refusal):
        payouts.fail(payout_id=ordered.id, reason="", by=seen.finance, at=NOON)
    for _again in range(2):
        payouts.fail(payout_id=ordered.id, reason="账户已销户", by=seen.finance, at=NOON)

    assert standing(ordered) == ("failed", "confirmed", "closed")
    assert balance(Kind.PROVIDER_PAYABLE, "unicom") == 8938
    assert Event.objects.filter(name="payout.failed").count() == 1
    assert books.breaks() == []


def test_a_statement_is_never_on_its_way_twice(seen, ordered):
    with pytest.raises(IntegrityError, match="a_statement_is_paid_once"), transaction.atomic():
        Payout.objects.create(
            code="PO-X",
            batch=ordered.batch,
            organization=ordered.organization,
            statement=ordered.statement,
            account=ordered.account,
            amount=1,
        )


# --- pages --------------------------------------------------------------------------------------------
def visitor(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_the_file_for_the_bank_names_every_payment_and_is_on_the_record(seen, ordered):
    address = f"/payouts/{ordered.batch.code}/file/"

    answer = visitor(seen.finance).post(address)

    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "付款编号,收款户名,收款账号,开户行,金额（元）,附言"
    assert lines[1].split(",")[2:] == [NUMBER, "厦门银行", "89.38", ordered.code]
    assert visitor(seen.auditor).post(address).status_code == 403
    assert Event.objects.filter(name="payout.file_taken").count() == 1


def test_before_a_second_person_agreed_there_is_no_file(seen, confirmed, account):
    batch = propose(seen)

    answer = visitor(seen.finance).post(f"/payouts/{batch.code}/file/")

    assert answer.status_code == 302
    assert not Event.objects.filter(name="payout.file_taken").exists()


def test_the_second_person_sees_the_payments_and_the_account_on_the_desk(seen, confirmed, account):
    batch = propose(seen)
    change = propose_account(seen, "6222000011113333")
    codes = [Approval.objects.get(subject_code=row.code).code for row in (batch, change)]

    pages = [visitor(seen.checker).get(f"/approvals/{code}/").content.decode() for code in codes]

    assert "与各笔付款之和一致" in pages[0] and "**** 8901" in pages[0]
    assert "6222000011113333" in pages[1] and "与单位名称一致" in pages[1]


def test_the_road_from_confirmed_to_paid_is_walked_on_pages(seen, confirmed):
    unicom, finance = visitor(seen.unicom), visitor(seen.finance)
    form = {"holder": "联通", "bank_name": "厦门银行", "number": "12"}
    assert unicom.post("/payouts/accounts/", form).status_code == 422
    assert unicom.post("/payouts/accounts/", form | {"number": NUMBER}).status_code == 302
    assert "缺收款账户" in finance.get("/payouts/").content.decode()
    decide(seen, PayoutAccount.objects.get().code)

    answer = finance.post("/payouts/propose/")

    batch = PayoutBatch.objects.get()
    assert answer["Location"] == f"/payouts/{batch.code}/"
    assert "**** 8901" in finance.get(f"/payouts/{batch.code}/").content.decode()
    assert NUMBER not in unicom.get("/payouts/accounts/").content.decode()
