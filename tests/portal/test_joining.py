"""A newcomer signs up, brings the firm, and is at the desk."""

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.organizations.credit_code import check_digit, is_valid
from portal.organizations.models import Membership, Organization

BODY = "91350200MA0000U9X"
PERSON = {
    "username": "newcomer",
    "email": "newcomer@example.com",
    "name": "王新",
    "password1": "a-long-Passphrase-7",
    "password2": "a-long-Passphrase-7",
}


@pytest.fixture
def newcomer(db):
    client = Client()
    answer = client.post("/accounts/signup/", PERSON)
    assert answer.status_code == 302, answer.context["form"].errors
    return client


def test_a_newcomer_is_asked_for_the_firm_first(newcomer):
    assert newcomer.get("/desk/").headers["Location"] == "/organization/join/"
    assert User.objects.get(username="newcomer").name == "王新"


def test_a_firm_joins_with_its_first_administrator(newcomer):
    code = BODY + check_digit(BODY)
    typed = f" {code[:9]} {code[9:]} ".lower()

    answer = newcomer.post(
        "/organization/join/", {"name": "新来科技有限公司", "district": "huli", "credit_code": typed}
    )

    assert answer.headers["Location"] == "/desk/"
    firm = Organization.objects.get(credit_code=code)
    assert Membership.objects.get(organization=firm).role == "enterprise_admin"
    # Whoever holds the firm's people and money begins with a second factor.
    assert newcomer.get("/desk/").headers["Location"] == "/account/security/"


@pytest.mark.parametrize("code", ["123", "91350200MA0000U9X0", ""])
def test_a_wrong_credit_code_is_refused_and_founds_nothing(newcomer, code):
    assert not is_valid(code)

    answer = newcomer.post(
        "/organization/join/", {"name": "新来科技有限公司", "district": "", "credit_code": code}
    )

    assert answer.status_code == 422
    assert Organization.objects.count() == 0


def test_a_firm_that_is_known_is_not_founded_twice(newcomer):
    form = {"name": "新来科技有限公司", "district": "", "credit_code": BODY + check_digit(BODY)}
    newcomer.post("/organization/join/", form)
    other = Client()
    other.post("/accounts/signup/", PERSON | {"username": "second", "email": "second@example.com"})

    answer = other.post("/organization/join/", form)

    assert answer.status_code == 422
    assert Organization.objects.count() == 1


def test_a_notice_is_read_in_the_readers_language(newcomer):
    from django.utils.translation import override

    notices.notify(
        kind=Notice.Kind.MONEY,
        sentence="对公转账到账 ¥%(amount)s",
        values={"amount": "5.00"},
        url="/wallet/",
        at=timezone.now(),
        user=User.objects.get(username="newcomer"),
    )
    notice = Notice.objects.get()

    assert notice.title == "对公转账到账 ¥5.00"
    with override("en"):
        assert notice.title.endswith("¥5.00")
        assert "到账" not in notice.title
