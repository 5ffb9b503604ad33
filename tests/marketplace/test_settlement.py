"""From bills to a statement that its provider has answered: every figure stands, every doubt is looked at by two."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from federation.capacity.models import Pool
from federation.clusters.models import Cluster
from federation.providers.models import Provider
from marketplace.billing.models import BillLine
from marketplace.ledger.models import Journal, Kind
from marketplace.ledger.queries import balance
from marketplace.orders.models import Order
from marketplace.settlement import actions as settlement
from marketplace.settlement import answers, wording
from marketplace.settlement import queries as books
from marketplace.settlement.models import SettlementRun, Statement, Terms
from marketplace.settlement.tasks import close_last_month, follow_releases, take_silence_for_consent
from portal.accounts.models import User
from portal.approvals import actions as approvals
from portal.audit.models import Event
from portal.notices.models import Notice
from portal.shell.exceptions import IllegalMove
from scheduler.workloads.models import Workload
from tests.city import DAY, NOON, bill, place, run
from tests.entrance import BACKEND, use_second_factor

Status = Statement.Status


def used(city, key="k1", seconds=1800, at=NOON, **outcome):
    Cluster.objects.update(last_seen_at=at)
    Pool.objects.update(observed_at=at)
    order = place(city, key=key, at=at)
    run(order, seconds=seconds, at=at, **outcome)
    return bill(order, at=at)


def close(at=NOON + DAY, by=None):
    return [s for s in settlement.close(until=at, by=by, at=at) if s.kind == Statement.Kind.PROVIDER]


def terms(**wishes):
    provider = Provider.objects.get(code="unicom")
    fields = {"code": f"TM-{Terms.objects.count()}", "effective_from": date(2026, 1, 1), "set_at": NOON}
    fields |= {"status": "in_force", "decided_by": User.objects.get(username="checker")}
    return Terms.objects.create(provider=provider, **fields | wishes)


def journals():
    return Journal.objects.count(), Event.objects.count(), Notice.objects.count()


# --- figures ------------------------------------------------------------------------------------------
def test_a_statement_deducts_what_the_contract_says_and_the_books_say_so_too(city):
    terms(
        tax_rate="0.0600",
        retention_rate="0.0500",
        retention_months=3,
        bands=[{"below": "0.99", "rate": "0.10"}],
        clause="第 7.2 条",
    )
    used(city)
    used(city, key="k2", seconds=600, to=Workload.Status.FAILED, reason="node_lost")

    (statement,) = close()

    statement.refresh_from_db()
    assert (statement.gross, statement.commission, statement.line_count) == (9408, 470, 2)
    assert (statement.card_seconds, statement.failed_card_seconds) == (8 * 1800, 8 * 600)
    assert (statement.delivered_share, statement.penalty) == ("75.0000%", 941)
    assert (statement.tax, statement.retention, statement.due) == (480, 376, 7141)
    assert (statement.status, statement.retention_due_on) == (Status.OFFERED, date(2027, 2, 22))
    assert balance(Kind.PROVIDER_ACCRUED, "unicom") == 0
    assert balance(Kind.PROVIDER_PAYABLE, "unicom") == 7141
    assert balance(Kind.PROVIDER_RETENTION, "unicom") == 376
    assert (balance(Kind.TAX_PAYABLE, "platform"), balance(Kind.PENALTY, "platform")) == (480, 941)
    assert books.breaks() == []


def test_terms_hold_from_their_day_on_and_the_last_word_of_a_day_counts(city):
    terms(tax_rate="0.5000")
    terms(tax_rate="0.1000", effective_from=date(2026, 11, 22))
    terms(tax_rate="0.2000", effective_from=date(2026, 11, 22))
    terms(tax_rate="0.9000", effective_from=date(2026, 11, 23))
    used(city)

    (statement,) = close(at=NOON + DAY)

    assert (str(statement.terms.tax_rate), statement.tax) == ("0.2000", 1788)


def test_what_an_earlier_statement_left_below_zero_is_carried_over_once(city):
    used(city)
    close(at=NOON + timedelta(hours=1))
    negative_statement(city, -500)
    used(city, key="k2", at=NOON + timedelta(hours=3))
    used(city, key="k3", at=NOON + timedelta(hours=5))

    (second,) = close(at=NOON + timedelta(hours=4))
    (third,) = close(at=NOON + timedelta(hours=6))

    assert (second.carried, second.due) == (-500, second.net - 500)
    assert (third.carried, third.due) == (0, third.net)


def negative_statement(city, due):
    """A period in which more went back than was earned."""
    first = Statement.objects.providers().get()
    return Statement.objects.create(
        code="ST-NEGATIVE", kind=first.kind, status=Status.CONFIRMED, run=first.run, party=first.party, title=first.title,
        organization=first.organization, from_at=first.from_at, until_at=NOON + timedelta(hours=2), line_count=0,
        card_seconds=0, gross=due, net=due, due=due, closed_at=NOON,
    )  # fmt: skip


def test_the_same_bills_under_the_same_terms_give_the_same_digest(city):
    used(city)
    digests = []
    for rate in ("0.0000", "0.0000", "0.0100"):
        frame = transaction.atomic()
        with frame:
            terms(tax_rate=rate)
            digests.append(close()[0].digest)
            transaction.set_rollback(True)

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_the_figures_of_a_statement_stand_from_the_moment_it_is_offered(city):
    used(city)
    (statement,) = close()

    for change in (
        {"gross": 1},
        {"penalty": 1, "net": statement.net - 1, "due": statement.due - 1},
        {"digest": "x"},
    ):
        with pytest.raises(IntegrityError, match="the figures of statement"), transaction.atomic():
            Statement.objects.filter(id=statement.id).update(**change)
    with pytest.raises(IntegrityError, match="the figures of statement"), transaction.atomic():
        Statement.objects.filter(id=statement.id)._raw_delete("default")

    assert Statement.objects.get(id=statement.id).gross == 9408


# --- control totals -----------------------------------------------------------------------------------
def test_every_card_second_of_the_meters_is_billed_free_or_beyond_the_order(city):
    used(city)
    used(city, key="k2", seconds=600, to=Workload.Status.FAILED, reason="node_lost")
    used(city, key="k3", seconds=3600)

    close()

    run = SettlementRun.objects.get()
    assert (run.metered, run.billed, run.free, run.over) == (8 * 6000, 8 * 5400, 8 * 600, 0)
    assert run.gross == run.stated == 9408 + 18816
    assert (run.line_count, run.from_at, run.until_at) == (3, None, NOON + DAY)


@pytest.mark.parametrize("change", [{"metered": 9}, {"free": 1}, {"stated": 1}])
def test_a_run_whose_totals_disagree_cannot_be_kept(city, change):
    fields = {"metered": 8, "billed": 8, "free": 0, "over": 0, "gross": 5, "stated": 5} | change

    with pytest.raises(IntegrityError), transaction.atomic():
        SettlementRun.objects.create(
            code="SR-1", until_at=NOON, statement_count=1, line_count=1, closed_at=NOON, **fields
        )


def test_a_second_run_posts_nothing(city):
    used(city)
    close()
    before = journals()

    assert settlement.close(until=NOON + DAY, by=None, at=NOON + DAY) == []

    assert journals() == before
    assert SettlementRun.objects.count() == 1


def test_the_search_for_open_bills_looks_no_further_back_than_the_last_run(city):
    used(city)
    close()
    used(city, key="k2", at=NOON + 2 * DAY)

    assert books.open_since() == NOON
    assert [line.gross for line in books.unsettled()] == [9408]


def test_a_bill_that_a_run_passed_over_is_named(city):
    used(city)
    close(at=NOON + 9 * DAY)
    used(city, key="k2", at=NOON + timedelta(hours=1))
    late = BillLine.objects.latest("id")

    assert books.breaks() == [f"bill {late.code}: before the last watermark and on no statement"]


def test_a_statement_whose_lines_were_altered_is_named(city):
    used(city)
    (statement,) = close()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE marketplace_statementline DISABLE TRIGGER append_only")
        cursor.execute("UPDATE marketplace_statementline SET commission = 471 WHERE kind = 'provider'")

    assert books.breaks() == [f"statement {statement.code}: its lines are not those it was made of"]


def test_the_month_is_closed_once_by_itself(city):
    order = place(city)
    run(order, seconds=1800)
    bill(order, at=NOON - 40 * DAY)

    close_last_month()
    close_last_month()

    assert SettlementRun.objects.count() == 1


# --- safety bounds ------------------------------------------------------------------------------------
def parked(city):
    """Three quiet periods and one of sixteen times as much."""
    for n in range(3):
        used(city, key=f"quiet-{n}", seconds=225, at=NOON + n * DAY)
        close(at=NOON + n * DAY + timedelta(hours=2))
    used(city, key="loud", seconds=3600, at=NOON + 3 * DAY)
    return close(at=NOON + 4 * DAY)[0]


def test_a_total_far_from_the_median_of_past_periods_is_parked_instead_of_paid(city):
    statement = parked(city)

    assert statement.status == Status.PARKED
    assert statement.parked_for == [{"code": "leap", "values": {"gross": 18816, "past": [1176] * 3}}]
    assert city.finance.notices.filter(url=statement.get_absolute_url()).count() == 1
    assert not city.unicom.notices.filter(url=statement.get_absolute_url()).exists()
    with pytest.raises(answers.CannotAnswer):
        answers.confirm(statement_id=statement.id, by=city.unicom, at=NOON)


def test_more_cards_in_an_hour_than_the_pool_has_are_parked(city):
    for key in ("k1", "k2"):
        used(city, key=key, seconds=3600)
    one_node = {"nodes": 1, "cards_total": 8, "cards_sold": 0, "cards_held": 0}
    Pool.objects.filter(cluster__provider__code="unicom").update(
        **one_node, sold_by_node=[0], held_by_node=[0]
    )

    (statement,) = close()

    (doubt,) = statement.parked_for
    assert (statement.status, doubt["code"]) == (Status.PARKED, "over_capacity")
    assert (doubt["values"]["used"], doubt["values"]["capacity"]) == (16 * 3600, 8 * 3600)
    assert "计费 16.0 卡时，超过该池的 8.0 卡时" in wording.doubt(doubt)


def test_a_parked_statement_goes_on_when_a_second_person_agrees(city):
    statement = parked(city)
    asked = answers.ask_release(statement_id=statement.id, reason="大客户首月", by=city.finance, at=NOON)
    follow_releases()
    assert Statement.objects.get(id=statement.id).status == Status.PARKED
    with pytest.raises(approvals.CannotDecide):
        approvals.decide(approval_id=asked.id, approve=True, by=city.finance, at=NOON)

    approvals.decide(approval_id=asked.id, approve=True, by=city.checker, at=NOON)
    follow_releases()

    statement.refresh_from_db()
    assert statement.status == Status.OFFERED
    assert statement.answer_by > timezone.now() + 4 * DAY
    assert city.unicom.notices.filter(url=statement.get_absolute_url()).count() == 1
    assert Event.objects.get(name="statement.released").actor == city.checker


def test_a_refused_release_stays_parked_and_may_be_asked_again(city):
    statement = parked(city)
    wish = {"statement_id": statement.id, "reason": "大客户首月", "by": city.finance, "at": NOON}
    first = answers.ask_release(**wish)
    assert answers.ask_release(**wish) == first
    approvals.decide(approval_id=first.id, approve=False, reason="请附合同", by=city.checker, at=NOON)

    second = answers.ask_release(**wish)
    follow_releases()

    assert (first.subject_code, second.subject_code) == (f"{statement.code}/1", f"{statement.code}/2")
    assert Statement.objects.get(id=statement.id).status == Status.PARKED


# --- the provider's word ------------------------------------------------------------------------------
@pytest.fixture
def offered(city):
    used(city)
    (statement,) = close(at=NOON + DAY)
    return statement


def test_the_provider_is_asked_and_confirms_once(city, offered):
    assert "应付 ¥89.38，请在 2026-11-27 前确认" in city.unicom.notices.get(kind="money").title

    for _again in range(2):
        answers.confirm(statement_id=offered.id, by=city.unicom, at=NOON + DAY)

    offered.refresh_from_db()
    assert (offered.status, offered.answered_by) == (Status.CONFIRMED, city.unicom)
    assert Event.objects.filter(name="statement.confirmed").count() == 1


def test_an_objection_names_its_line_and_is_answered(city, offered):
    line = offered.lines.get().bill_line

    answers.dispute(
        statement_id=offered.id, reason="少计 2 卡时", line=line.code, by=city.unicom, at=NOON + DAY
    )
    answers.resolve(statement_id=offered.id, resolution="经核对无误", by=city.finance, at=NOON + DAY)

    offered.refresh_from_db()
    assert (offered.status, offered.disputed_line) == (Status.CONFIRMED, line)
    assert "经核对无误" in city.unicom.notices.latest("id").title
    assert "有异议" in city.finance.notices.get(sentence__contains="有异议").title


@pytest.mark.parametrize(("reason", "line", "field"), [("", "", "reason"), ("少计", "BL-NONE", "line")])
def test_an_objection_without_a_reason_or_to_a_strangers_line_moves_nothing(
    city, offered, reason, line, field
):
    before = journals()

    with pytest.raises(answers.CannotAnswer) as refused:
        answers.dispute(statement_id=offered.id, reason=reason, line=line, by=city.unicom, at=NOON + DAY)

    assert refused.value.field == field
    assert journals() == before
    assert Statement.objects.get(id=offered.id).status == Status.OFFERED


def test_what_was_confirmed_is_not_disputed_afterwards(city, offered):
    answers.confirm(statement_id=offered.id, by=city.unicom, at=NOON + DAY)

    with pytest.raises(answers.CannotAnswer):
        answers.dispute(statement_id=offered.id, reason="少计", by=city.unicom, at=NOON + DAY)
    with pytest.raises(IllegalMove):
        answers.resolve(statement_id=offered.id, resolution="好", by=city.finance, at=NOON + DAY)


def test_silence_is_consent_a_day_after_the_reminder(city, offered):
    now = timezone.now()
    Statement.objects.filter(id=offered.id).update(answer_by=now - timedelta(hours=1))

    take_silence_for_consent()
    reminded = Statement.objects.get(id=offered.id)
    Statement.objects.filter(id=offered.id).update(reminded_at=now - timedelta(hours=25))
    take_silence_for_consent()

    assert reminded.status == Status.OFFERED and reminded.reminded_at is not None
    offered.refresh_from_db()
    assert (offered.status, offered.answered_by) == (Status.CONFIRMED, None)
    assert "已视为确认" in city.unicom.notices.latest("id").title


def test_a_statement_stands_among_what_waits_for_whoever_has_to_answer(city, offered):
    def waiting():
        names = ("unicom", "baidu", "finance", "auditor")
        return [name for name in names if offered in Statement.objects.awaiting(getattr(city, name))]

    before = waiting()
    answers.dispute(statement_id=offered.id, reason="少计", by=city.unicom, at=NOON + DAY)

    assert (before, waiting()) == (["unicom"], ["finance"])
    assert offered.code in visitor(city.finance).get("/todo/").content.decode()


# --- pages and programs -------------------------------------------------------------------------------
def visitor(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_a_provider_confirms_on_the_page_and_another_sees_nothing(city, offered):
    address = f"/statements/{offered.code}/"

    page = visitor(city.unicom).get(address).content.decode()
    strangers = visitor(city.baidu).post(f"{address}confirm/")
    answer = visitor(city.unicom).post(f"{address}confirm/")

    assert "请确认或提出异议" in page and "金额如何得出" in page
    assert (strangers.status_code, answer.status_code) == (404, 302)
    assert Statement.objects.get(id=offered.id).status == Status.CONFIRMED


def test_a_refused_objection_comes_back_with_what_was_typed(city, offered):
    typed = {"reason": "少计 2 卡时", "line": "BL-NONE"}

    answer = visitor(city.unicom).post(f"/statements/{offered.code}/dispute/", typed)

    assert answer.status_code == 422
    assert "少计 2 卡时" in answer.content.decode() and "请核对账单号" in answer.content.decode()


def test_finance_reads_why_a_statement_is_parked_and_the_provider_does_not(city):
    statement = parked(city)

    finance = visitor(city.finance).get(f"/statements/{statement.code}/").content.decode()
    provider = visitor(city.unicom).get(f"/statements/{statement.code}/").content.decode()

    assert "与前 3 期的中位数 ¥11.76 相差过大" in finance
    assert "中位数" not in provider and "有异议" not in provider


# --- the books on their page ---------------------------------------------------------------------------
def verdict(city, path):
    client = Client()
    client.force_login(city.finance, backend=BACKEND)
    use_second_factor(client, city.finance)
    return client.get(path).content.decode().partition('id="verdict"')[2].partition("</div>")[0]


def test_the_books_are_shown_at_once_and_judged_when_they_are_read(city):
    assert 'hx-get="?check=1"' in verdict(city, "/statements/books/")
    judged = verdict(city, "/statements/books/?check=1")
    assert "账簿全部相符" in judged and "hx-get" not in judged


def test_what_disagrees_is_named_on_the_page(city):
    order = used(city)
    Order.objects.filter(id=order.id).update(billed_amount=F("billed_amount") + 1)

    judged = verdict(city, "/statements/books/?check=1")

    assert "账簿不平" in judged and order.code in judged
