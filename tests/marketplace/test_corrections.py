"""Terms, adjustments and retentions: what is set right outside a bill has two signatures and comes with a statement."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from federation.providers.models import Provider
from marketplace.ledger.models import Journal, Kind
from marketplace.ledger.queries import balance
from marketplace.settlement import answers, corrections
from marketplace.settlement import queries as books
from marketplace.settlement.models import Adjustment, Statement, Terms
from marketplace.settlement.tasks import follow_adjustments, follow_terms, release_retentions
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.organizations.models import Organization
from tests.city import DAY, NOON
from tests.entrance import BACKEND
from tests.marketplace.test_settlement import close, parked, terms, used


def visitor(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def propose(city, amount, party="PR-UNICOM", **wishes):
    organization = Organization.objects.get(code=party)
    return corrections.propose_adjustment(
        organization=organization, amount=amount, reason="9 月重复计费", by=city.finance, at=NOON, **wishes
    )


def decide(city, adjustment, *, agree=True, reason=""):
    word = Approval.objects.get(subject_code=adjustment.code)
    approvals.decide(approval_id=word.id, approve=agree, reason=reason, by=city.checker, at=NOON)
    follow_adjustments()
    adjustment.refresh_from_db()
    return adjustment


# --- adjustments --------------------------------------------------------------------------------------
def test_an_adjustment_is_booked_when_a_second_person_agreed_and_comes_with_the_next_statement(city):
    used(city)

    adjustment = decide(city, propose(city, -1250))
    (statement,) = close()

    adjustment.refresh_from_db()
    assert (adjustment.status, adjustment.decided_by, adjustment.taken_with) == (
        "booked",
        city.checker,
        statement,
    )
    assert (statement.adjusted, statement.due) == (-1250, 8938 - 1250)
    assert balance(Kind.PROVIDER_PAYABLE, "unicom") == 8938 - 1250
    assert balance(Kind.ADJUSTMENT, "platform") == -1250
    assert books.breaks() == []


def test_a_provider_that_sold_nothing_gets_a_statement_of_its_adjustment_once(city):
    decide(city, propose(city, 300))
    assert books.breaks() == []

    (statement,) = close(at=NOON + DAY)
    again = close(at=NOON + 2 * DAY)

    assert (statement.line_count, statement.gross, statement.adjusted, statement.due) == (0, 0, 300, 300)
    assert again == []
    assert books.breaks() == []


def test_what_was_taken_back_beyond_the_period_is_carried_to_the_next(city):
    used(city)
    decide(city, propose(city, -10_000))
    (first,) = close(at=NOON + timedelta(hours=1))
    used(city, key="k2", at=NOON + timedelta(hours=2))

    (second,) = close(at=NOON + timedelta(hours=4))

    assert (first.due, second.carried, second.due) == (8938 - 10_000, -1062, 8938 - 1062)
    assert books.breaks() == []


def test_a_refused_adjustment_moves_nothing(city):
    before = Journal.objects.count()

    adjustment = decide(city, propose(city, 300), agree=False, reason="请附依据")

    assert (adjustment.status, adjustment.answer) == ("refused", "请附依据")
    assert Journal.objects.count() == before


def test_nobody_agrees_to_their_own_adjustment(city):
    adjustment = propose(city, 300)
    word = Approval.objects.get(subject_code=adjustment.code)

    with pytest.raises(approvals.CannotDecide):
        approvals.decide(approval_id=word.id, approve=True, by=city.finance, at=NOON)
    with pytest.raises(IntegrityError, match="nobody_agrees_to_their_own"), transaction.atomic():
        corrections.decide_adjustment(adjustment_id=adjustment.id, agree=True, by=city.finance, at=NOON)

    assert Adjustment.objects.get().status == "proposed"


def test_a_firms_adjustment_goes_to_its_purse_and_never_below_zero(city):
    purse = balance(Kind.PREPAID, "EN-LUDAO")

    decide(city, propose(city, 500, "EN-LUDAO"))
    short = decide(city, propose(city, -purse - 501, "EN-LUDAO"))

    assert balance(Kind.PREPAID, "EN-LUDAO") == purse + 500
    assert (short.status, short.answer[:4]) == ("refused", "余额不足")
    assert books.breaks() == []


def test_an_adjustment_of_nothing_or_of_anothers_statement_is_refused(city):
    used(city)
    (statement,) = close()

    for wish in ({"amount": 0}, {"amount": 5, "party": "EN-LUDAO", "statement": statement}):
        with pytest.raises(corrections.CannotAdjust):
            propose(city, **wish)

    assert not Adjustment.objects.exists()


# --- retentions ---------------------------------------------------------------------------------------
def test_a_retention_is_paid_with_the_next_statement_when_its_time_is_up(city):
    terms(retention_rate="0.1000", retention_months=1)
    used(city)
    (first,) = close()
    release_retentions()
    assert balance(Kind.PROVIDER_RETENTION, "unicom") == 894
    overdue(first)

    for _again in range(2):
        release_retentions()
    (second,) = close(at=NOON + 3 * DAY)

    first.refresh_from_db()
    assert balance(Kind.PROVIDER_RETENTION, "unicom") == 0
    assert (second.released, second.due, first.retention_paid_with) == (894, 894, second)
    assert "质保金 ¥8.94 到期退还" in city.unicom.notices.filter(sentence__contains="质保金").get().title
    assert books.breaks() == []


def overdue(statement):
    """Its retention should have been given back yesterday."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE; SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE marketplace_statement DISABLE TRIGGER stands")
        cursor.execute(
            "UPDATE marketplace_statement SET retention_due_on = '2026-01-01' WHERE id = %s", [statement.id]
        )
        cursor.execute("ALTER TABLE marketplace_statement ENABLE TRIGGER stands")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


# --- terms --------------------------------------------------------------------------------------------
def test_terms_are_typed_in_percent_and_kept_as_shares(city):
    typed = {
        "provider": "unicom",
        "effective_from": "2026-12-01",
        "tax_rate": "6",
        "retention_rate": "5.25",
        "retention_months": "3",
        "bands": "99.9 5\n99% ,10%\n",
        "clause": "第 7.2 条",
    }

    answer = visitor(city.finance).post("/statements/terms/", typed)

    kept = Terms.objects.get()
    assert answer.status_code == 302
    assert (kept.tax_rate, kept.retention_rate, kept.effective_from) == (
        Decimal("0.06"), Decimal("0.0525"), date(2026, 12, 1),
    )  # fmt: skip
    assert kept.band_words == ["< 99.90% → 5.00%", "< 99.00% → 10.00%"]
    assert kept.status == Terms.Status.PROPOSED


def propose_terms(city, tax="0.06"):
    provider = Provider.objects.get(code="unicom")
    wish = {"effective_from": date(2026, 1, 1), "retention_rate": 0, "retention_months": 0, "bands": []}
    return corrections.propose_terms(
        provider=provider, tax_rate=Decimal(tax), clause="第 7.2 条", **wish, by=city.finance, at=NOON
    )


def answer_terms(city, terms, *, agree):
    word = Approval.objects.get(subject_code=terms.code)
    approvals.decide(approval_id=word.id, approve=agree, reason="与合同核对", by=city.checker, at=NOON)
    follow_terms()
    terms.refresh_from_db()
    return terms


@pytest.mark.parametrize(("agree", "status", "tax"), [(True, "in_force", 536), (False, "refused", 0)])
def test_terms_work_only_when_a_second_person_agreed(city, agree, status, tax):
    used(city)
    written = propose_terms(city)
    assert not Terms.objects.in_force(date(2026, 12, 1)).exists()

    written = answer_terms(city, written, agree=agree)
    (statement,) = close()

    assert (written.status, written.decided_by, statement.tax) == (status, city.checker, tax)


def test_nobody_agrees_to_their_own_terms_and_what_is_written_stands(city):
    written = propose_terms(city)

    with pytest.raises(IntegrityError, match="nobody_agrees_to_their_own_terms"), transaction.atomic():
        corrections.decide_terms(terms_id=written.id, agree=True, by=city.finance, at=NOON)
    with pytest.raises(IntegrityError, match="stand: correct, never edit"), transaction.atomic():
        Terms.objects.filter(id=written.id).update(tax_rate=0)

    written.refresh_from_db()
    assert (written.status, written.tax_rate) == (Terms.Status.PROPOSED, Decimal("0.06"))


def test_the_desk_shows_new_terms_beside_those_in_force(city):
    answer_terms(city, propose_terms(city), agree=True)
    code = Approval.objects.get(subject_code=propose_terms(city, "0.03").code).code

    page = visitor(city.checker).get(f"/approvals/{code}/").content.decode()

    assert "3.00%" in page and "现行：6.00%" in page


@pytest.mark.parametrize("bands", ["low", "99.9", "120 5", "99 101"])
def test_bands_that_cannot_be_read_come_back_with_what_was_typed(city, bands):
    typed = {"provider": "unicom", "effective_from": "2026-12-01", "tax_rate": "0", "retention_rate": "0"}

    answer = visitor(city.finance).post(
        "/statements/terms/", typed | {"retention_months": "0", "clause": "x", "bands": bands}
    )

    assert answer.status_code == 422
    assert "请按“99.9 5”填写" in answer.content.decode()
    assert not Terms.objects.exists()


# --- the second person's desk -------------------------------------------------------------------------
def test_the_desk_shows_what_an_adjustment_is_about(city):
    code = Approval.objects.get(subject_code=propose(city, -1250).code).code

    page = visitor(city.checker).get(f"/approvals/{code}/").content.decode()

    assert "9 月重复计费" in page and "12.50" in page


def test_the_desk_shows_why_a_statement_was_parked(city):
    statement = parked(city)
    asked = answers.ask_release(statement_id=statement.id, reason="大客户首月", by=city.finance, at=NOON)

    page = visitor(city.checker).get(f"/approvals/{asked.code}/").content.decode()

    assert "与前 3 期的中位数" in page
    assert Statement.objects.get(id=statement.id).status == Statement.Status.PARKED
