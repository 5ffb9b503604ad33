"""A reviewer's desk: what is checked is shown, and nobody decides for himself."""

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.orders import review
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.organizations.models import Organization
from tests import city as town
from tests.city import place
from tests.entrance import BACKEND


@pytest.fixture
def city(db):
    now = timezone.now()
    city = town.found(at=now)
    wish = {"project": city.model, "cards": 1, "hours": "100", "at": now}
    orders = [place(city, key="first", **wish), place(city, key="second", **wish)]
    city.first, city.second = (Approval.objects.get(subject_code=order.code) for order in orders)
    return city


def visitor(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_the_desk_shows_materials_checks_and_what_is_next(city):
    answer = visitor(city.fiona).get(f"/approvals/{city.first.code}/")

    desk = answer.context["desk"]
    page = answer.content.decode()
    assert [m.name for m in desk.parts.materials] == ["启动命令", "付款方式"]
    assert "python train.py" in page and "含本单已用" in page
    assert (desk.recusal, desk.left) == ("", 1)
    assert desk.following == f"/approvals/{city.second.code}/"


def test_every_check_says_what_it_found(city):
    found = {fact.label: fact.result for fact in review.parts(city.first).facts if fact.result}

    assert found == {"数量": "ok", "单价": "ok", "项目预算": "ok", "加速卡": "ok"}


def test_a_budget_that_was_cut_meanwhile_is_seen(city):
    city.model.monthly_budget = 100
    city.model.save()

    found = {fact.label: fact.result for fact in review.parts(city.first).facts}

    assert found["项目预算"] == "bad"


def test_deciding_leads_to_the_next_and_then_to_the_list(city):
    fiona = visitor(city.fiona)

    first = fiona.post(f"/approvals/{city.first.code}/decide/", {"verdict": "approve"})
    second = fiona.post(f"/approvals/{city.second.code}/decide/", {"verdict": "approve"})

    assert first.headers["location"] == f"/approvals/{city.second.code}/"
    assert second.headers["location"] == "/approvals/"
    assert set(Approval.objects.values_list("status", flat=True)) == {"approved"}


def test_a_refusal_without_a_reason_keeps_the_desk_and_moves_nothing(city):
    answer = visitor(city.fiona).post(f"/approvals/{city.first.code}/decide/", {"verdict": "reject"})

    city.first.refresh_from_db()
    assert answer.status_code == 422
    assert answer.context["desk"].error == "驳回时请填写原因，申请人会看到。"
    assert city.first.status == Approval.Status.PENDING


def test_whoever_asked_is_told_to_stand_back(city):
    wish = {"project": city.model, "cards": 1, "hours": "100", "at": timezone.now()}
    own = place(city, key="own", by=city.alice, **wish)
    code = Approval.objects.get(subject_code=own.code).code

    page = visitor(city.alice).get(f"/approvals/{code}/")

    assert "回避" in page.context["desk"].recusal
    assert 'name="verdict"' not in page.content.decode()


def test_somebody_faster_is_named_on_the_page_that_says_so(city):
    approvals.decide(approval_id=city.first.id, approve=True, by=city.alice, at=timezone.now())

    answer = visitor(city.fiona).post(
        f"/approvals/{city.first.code}/decide/", {"verdict": "reject", "reason": "x"}
    )

    city.first.refresh_from_db()
    assert answer.status_code == 409
    assert "已同意" in answer.content.decode() and "林安" in answer.content.decode()
    assert city.first.status == Approval.Status.APPROVED


# --- matters of an office of the city -----------------------------------------------------------------
@pytest.fixture
def payout(city):
    return approvals.request(
        kind="payout",
        subject_code="PB-1",
        organization=Organization.objects.get(code="PL-INFO"),
        decided_under="payouts.manage",
        amount=500,
        sentence="付款批次 %(code)s",
        values={"code": "PB-1"},
        url="/payouts/PB-1/",
        by=city.finance,
        at=timezone.now(),
    )


def test_an_offices_matter_waits_for_its_colleagues_and_for_nobody_else(city, payout):
    names = ["alice", "fiona", "operator", "auditor", "unicom", "finance", "checker"]

    waiting = {name: payout in Approval.objects.awaiting(getattr(city, name)) for name in names}
    seen = {name: payout in Approval.objects.visible_to(getattr(city, name)) for name in names}

    assert [name for name in names if waiting[name]] == ["checker"]
    assert [name for name in names if seen[name]] == ["finance", "checker"]
    assert city.checker.notices.get().title == "付款批次 PB-1"


def test_a_colleague_decides_it_and_whoever_asked_does_not(city, payout):
    wish = {"approval_id": payout.id, "approve": True, "at": timezone.now()}
    for name in ("finance", "alice", "operator"):
        with pytest.raises(approvals.CannotDecide):
            approvals.decide(by=getattr(city, name), **wish)

    decided = approvals.decide(by=city.checker, **wish)

    assert (decided.status, decided.decided_by) == (Approval.Status.APPROVED, city.checker)


def test_an_office_has_no_say_in_a_firms_matters(city):
    assert city.first not in Approval.objects.visible_to(city.finance)
    with pytest.raises(approvals.CannotDecide):
        approvals.decide(approval_id=city.first.id, approve=True, by=city.finance, at=timezone.now())
    assert visitor(city.finance).get(f"/approvals/{city.first.code}/").status_code == 404
