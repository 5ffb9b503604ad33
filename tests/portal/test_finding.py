"""Finding one's way: what waits, what the one box finds, help, and whether everything runs."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.orders.models import Order
from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.help.articles import ARTICLES, ROLES, about
from portal.home import queries as home
from portal.members import reviews
from portal.organizations.models import Organization
from portal.search.queries import search
from portal.shell import errors
from portal.verification import actions as verification
from tests import city as town
from tests.city import apply_for_verification, place
from tests.entrance import BACKEND


@pytest.fixture
def city(db):
    now = timezone.now()
    city = town.found(at=now)
    city.open = place(city, key="open", cards=1, at=now)
    city.dear = place(city, key="dear", cards=1, hours="100", project=city.model, at=now)
    city.approval = Approval.objects.get(subject_code=city.dear.code)
    return city


def visitor(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def labels(user, words):
    return {kind: [hit.label for hit in hits] for kind, hits in search(user, words)}


# --- what waits -----------------------------------------------------------------------------------
def awaiting(person):
    request = HttpRequest()
    request.user = person
    return home.awaiting(request)


def test_a_matter_waits_for_those_who_may_decide_and_is_followed_by_who_asked(city):
    waiting = {name: len(awaiting(getattr(city, name))) for name in ("alice", "fiona", "bob", "charlie")}
    followed = {name: len(home.submitted(getattr(city, name))) for name in ("alice", "bob")}

    assert waiting == {"alice": 1, "fiona": 1, "bob": 0, "charlie": 0}
    assert followed == {"alice": 0, "bob": 1}


def test_what_was_decided_waits_no_more(city):
    approvals.decide(approval_id=city.approval.id, approve=True, by=city.fiona, at=timezone.now())

    assert awaiting(city.alice) == [] and home.submitted(city.bob) == []


def test_the_head_of_every_page_says_how_many_wait(city):
    place(city, key="dear too", cards=1, hours="100", project=city.model, at=timezone.now())
    fiona = visitor(city.fiona).get("/wallet/").content.decode()
    bob = visitor(city.bob).get("/wallet/").content.decode()

    assert "待办，2 件" in fiona
    assert "待办，" not in bob
    assert [pile.count for pile in awaiting(city.fiona)] == [2]


def test_what_is_to_be_proved_waits_for_the_platform_and_what_came_back_for_the_firm(city):
    found = apply_for_verification(city.yunding, city.charlie, at=timezone.now())
    labels = {
        name: [pile.label for pile in awaiting(getattr(city, name))] for name in ("operator", "charlie")
    }

    verification.decide(
        verification_id=found.id,
        verdict="return",
        reason="不清晰",
        remarks={},
        by=city.operator,
        at=timezone.now(),
    )

    assert labels == {"operator": ["企业认证"], "charlie": []}
    assert awaiting(city.operator) == []
    assert [task.url for pile in awaiting(city.charlie) for task in pile.tasks] == [
        "/organization/verification/"
    ]
    assert awaiting(city.wendy) == []


def test_a_review_of_rights_waits_for_who_looks_after_the_people(city):
    firm, office = (
        reviews.open_review(organization_id=organization.id, at=timezone.now())
        for organization in (city.yunding, Organization.objects.get(code="GV-CITY"))
    )

    waiting = {
        name: [task.url for pile in awaiting(getattr(city, name)) for task in pile.tasks]
        for name in ("charlie", "security", "officer", "wendy")
    }

    assert waiting == {
        "charlie": [f"/members/reviews/{firm.code}/"],
        "security": [f"/members/reviews/{office.code}/"],
        "officer": [],
        "wendy": [],
    }


# --- search ---------------------------------------------------------------------------------------
def test_a_number_finds_its_order_from_its_beginning(city):
    assert labels(city.alice, city.open.code[:14].lower())["订单"] == [city.open.name]
    assert "订单" not in labels(city.alice, city.open.code[5:])


def test_nobody_finds_what_another_firm_owns(city):
    assert labels(city.charlie, city.open.code) == {}
    assert labels(city.charlie, "算法实验室") == {}
    assert labels(city.alice, "算法实验室") == {"项目": ["算法实验室"]}
    assert labels(city.officer, city.open.code) == {"订单": [city.open.name]}


def test_pages_are_found_only_by_those_who_may_open_them(city):
    assert "账簿核对" in labels(city.finance, "账簿")["页面"]
    assert "页面" not in labels(city.alice, "账簿")


def test_a_visitor_finds_offers_and_help(city):
    found = search(AnonymousUser(), "910B")

    assert {kind for kind, _hits in found} == {"商品"}
    assert {kind for kind, _hits in search(AnonymousUser(), "抵扣")} == {"帮助"}


@pytest.mark.parametrize("words", ["", " ", "a", "%", "_", "'; --", "\\"])
def test_odd_words_find_nothing_and_break_nothing(city, words):
    answer = visitor(city.alice).get("/search/", {"q": words})

    assert answer.status_code == 200
    assert answer.context["groups"] == []


def test_a_search_asks_the_same_few_questions_however_many_rows_there_are(city):
    def asked():
        with CaptureQueriesContext(connection) as seen:
            search(city.alice, "训练")
        return len(seen)

    search(city.alice, "训练")
    few = asked()
    fields = {
        f.attname: getattr(city.open, f.attname) for f in Order._meta.concrete_fields if f.attname != "id"
    }
    Order.objects.bulk_create(
        Order(**fields | {"code": f"OD000000-{n:08d}", "idempotency_key": f"many-{n}"}) for n in range(500)
    )

    assert asked() == few <= 7


# --- help -----------------------------------------------------------------------------------------
def test_every_role_has_help_and_every_article_a_place(db):
    assert {article.role for article in ARTICLES} == set(ROLES)
    assert len({article.code for article in ARTICLES}) == len(ARTICLES)
    assert [a.code for a in ARTICLES if a.url_name and not a.url] == []


def test_help_is_found_by_what_its_steps_say(db):
    assert [article.code for article in about("校验码")] == ["join"]
    assert about("没有这样的话") == []


def test_help_asks_nothing_of_the_database(django_assert_num_queries, db):
    town.know_the_incidents()

    with django_assert_num_queries(0):
        assert Client().get("/help/").status_code == 200
        assert Client().get("/help/first-order/").status_code == 200
    assert Client().get("/help/nothing/").status_code == 404


# --- status ---------------------------------------------------------------------------------------
def test_the_status_page_answers_without_the_database_even_to_somebody_signed_in(city, monkeypatch):
    client = visitor(city.alice)

    def gone(execute, sql, params, many, context):
        raise DatabaseError("gone")

    with connection.execute_wrapper(gone):
        answer = client.get("/status/")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "业务数据" in page and "中断" in page and "部分服务不正常" in page
    assert "算力集群" not in page


def test_the_status_page_counts_the_clusters(city):
    page = Client().get("/status/").content.decode()

    assert "9 / 9 个集群在线" in page


# --- bad moments ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "role", "giver"),
    [("/receipts/", "平台财务", "安全管理员授予"), ("/approvals/", "企业管理员", "本单位管理员授权")],
)
def test_a_closed_door_names_the_role_and_who_gives_it(city, path, role, giver):
    answer = visitor(city.unicom).get(path)

    page = answer.content.decode()
    assert answer.status_code == 403
    assert role in page and giver in page


def test_a_page_that_is_not_there_offers_the_search(city):
    answer = Client().get("/nothing-here/")

    assert answer.status_code == 404
    assert 'action="/search/"' in answer.content.decode()


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429, 500])
def test_no_page_of_a_bad_moment_needs_the_database(rf, status, django_assert_num_queries, db):
    request = rf.get("/orders/")
    request.id = "the-request"

    with django_assert_num_queries(0):
        answer = errors.page(request, status, retry_after=30, back="/orders/")

    page = answer.content.decode()
    assert answer.status_code == status
    assert 'data-copy="the-request"' in page


# --- the desk -------------------------------------------------------------------------------------
def test_a_new_firm_is_shown_its_first_steps_until_they_are_done(city):
    steps = {step.label: step.is_done for step in visitor(city.jian).get("/desk/").context["steps"]}
    walked = visitor(city.bob).get("/desk/").context["steps"]

    assert steps == {
        "登记企业": True,
        "设置项目预算与审批起点": False,
        "充值或领取算力券": True,
        "运行第一个作业": False,
    }
    assert walked == []


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("bob", ["可用算力券", "进行中的订单", "本月用量", "可用余额"]),
        ("unicom", ["本月收入", "尚未结算", "利用率"]),
        ("officer", ["券池余额", "已发放", "已核销", "进行中的订单", "利用率"]),
        ("finance", ["券池余额", "已发放", "已核销", "进行中的订单", "待结算", "利用率"]),
        ("security", ["在用账号", "锁定账号"]),
        ("auditadmin", ["24 小时审计事件"]),
        ("sysadmin", ["统一登录系统"]),
    ],
)
def test_each_desk_begins_with_its_roles_figures_and_each_opens_its_list(city, name, labels):
    figures = visitor(getattr(city, name)).get("/desk/").context["figures"]

    assert [figure.label for figure in figures] == labels
    assert all(figure.url for figure in figures)
