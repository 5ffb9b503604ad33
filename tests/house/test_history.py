"""Rows remember what they were, whoever writes and however."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from federation.providers.models import Provider
from marketplace.catalogue.history import PlanPriceVersion
from marketplace.catalogue.models import PlanPrice
from marketplace.funding.history import CreditLineVersion
from marketplace.funding.models import CreditLine
from marketplace.payouts.history import PayoutAccountVersion
from marketplace.payouts.models import PayoutAccount
from marketplace.settlement.history import TermsVersion
from marketplace.settlement.models import Terms
from portal.accounts.history import UserVersion
from portal.accounts.models import User
from portal.members import actions as members
from portal.organizations.history import MembershipVersion, ProjectVersion
from portal.organizations.models import Membership, Project
from portal.shell import tenancy
from portal.tokens import actions as tokens
from portal.tokens.history import ApiTokenVersion, ApplicationVersion
from portal.tokens.models import ApiToken, Application
from portal.webhooks.history import WebhookEndpointVersion
from portal.webhooks.models import WebhookEndpoint
from tests import city as town
from tests.city import NOON, listener
from tests.entrance import BACKEND


def states(version, row, field):
    rows = version.objects.filter(pgh_obj_id=row.pk).order_by("pgh_id")
    return list(rows.values_list("pgh_label", field))


def test_every_way_of_writing_is_remembered(city):
    price = PlanPrice.objects.filter(effective_to=None).first()
    first = price.unit_price

    PlanPrice.objects.filter(pk=price.pk).update(unit_price=first + 1)
    PlanPrice.objects.bulk_update([PlanPrice(pk=price.pk, unit_price=first + 2)], ["unit_price"])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE marketplace_planprice SET unit_price = %s WHERE id = %s", [first + 3, price.pk]
        )
    pk = price.pk
    price.delete()
    price.pk = pk

    assert states(PlanPriceVersion, price, "unit_price") == [
        ("insert", first),
        ("update", first + 1),
        ("update", first + 2),
        ("update", first + 3),
        ("delete", first + 3),
    ]


def test_saving_what_was_is_no_version(city):
    Project.objects.get(pk=city.lab.pk).save()

    assert len(states(ProjectVersion, city.lab, "name")) == 1


def test_a_version_names_the_request_and_the_person(city):
    client = Client()
    client.force_login(city.alice, backend=BACKEND)

    client.post(
        f"/organization/projects/{city.lab.code}/",
        {"approval_threshold": "10", "monthly_budget": "20", "is_open": "on"},
        headers={"x-request-id": "history-test-1"},
    )

    last = ProjectVersion.objects.filter(pgh_obj_id=city.lab.pk).latest("pgh_id")
    assert last.monthly_budget == 2000
    assert last.pgh_context == {"request": "history-test-1", "person": "alice"}


def test_a_role_that_ended_can_still_be_read(city):
    bob = Membership.objects.get(user=city.bob)

    members.withdraw(membership_id=bob.id, reason="离职", by=city.alice, at=NOON)

    assert states(MembershipVersion, bob, "role") == [
        ("insert", "enterprise_member"),
        ("delete", "enterprise_member"),
    ]


@pytest.mark.parametrize(
    ("version", "secrets"),
    [
        (UserVersion, {"password", "phone", "phone_index"}),
        (ApiTokenVersion, {"digest", "old_digest"}),
        (WebhookEndpointVersion, {"secret", "old_secret"}),
        (PayoutAccountVersion, {"number"}),
    ],
)
def test_no_secret_is_remembered(version, secrets):
    assert not {field.name for field in version._meta.fields} & secrets


def test_a_silent_change_of_a_key_or_an_address_is_remembered_and_its_use_is_not(city):
    token, _secret = tokens.issue(
        organization=city.ludao, name="ERP", scopes={"orders:read"}, days=30, by=city.bob, at=NOON
    )
    erp, _secret = tokens.connect(
        organization=city.ludao, name="ERP", scopes={"orders:read"}, by=city.alice, at=NOON
    )
    hook = listener(city)

    tokens.note_use(token, NOON)
    tokens.note_use(erp, NOON)
    ApiToken.objects.filter(pk=token.pk).update(scopes=["settlement:write"])
    Application.objects.filter(pk=erp.pk).update(networks=["0.0.0.0/0"])
    WebhookEndpoint.objects.filter(pk=hook.pk).update(url="https://evil.example/")

    assert states(ApiTokenVersion, token, "scopes") == [
        ("insert", ["orders:read"]),
        ("update", ["settlement:write"]),
    ]
    assert states(ApplicationVersion, erp, "networks") == [("insert", []), ("update", ["0.0.0.0/0"])]
    assert states(WebhookEndpointVersion, hook, "url") == [
        ("insert", "https://erp.example.com/hook"),
        ("update", "https://evil.example/"),
    ]


def test_a_silent_change_of_what_moves_money_is_remembered(city):
    provider = Provider.objects.get(code="unicom")
    account = PayoutAccount.objects.create(
        code="PA-1", provider=provider, holder="甲", bank="乙", number="6222020000001234", ending="1234",
        proposed_by=city.unicom, proposed_at=NOON,
    )  # fmt: skip
    line = CreditLine.objects.create(
        code="CL-1", organization=city.ludao, contract="C-1", limit=100, valid_until=NOON + timedelta(days=30),
        reason="合同", proposed_by=city.finance, proposed_at=NOON,
    )  # fmt: skip
    terms = Terms.objects.create(
        code="TM-1", provider=provider, effective_from=NOON.date(), tax_rate="0.01", retention_rate="0",
        set_by=city.finance, set_at=NOON,
    )  # fmt: skip

    PayoutAccount.objects.filter(pk=account.pk).update(holder="丙", ending="9999")
    CreditLine.objects.filter(pk=line.pk).update(limit=10**9)
    Terms.objects.filter(pk=terms.pk).update(status="refused", decided_by=city.checker, decided_at=NOON)

    assert states(PayoutAccountVersion, account, "ending") == [("insert", "1234"), ("update", "9999")]
    assert states(CreditLineVersion, line, "limit") == [("insert", 100), ("update", 10**9)]
    assert states(TermsVersion, terms, "status") == [("insert", "proposed"), ("update", "refused")]


def test_somebody_unknown_may_sign_up_and_is_remembered(db):
    with tenancy.asking_for(tenancy.NOBODY):
        person = User.objects.create_user("new", "new@example.com")

        assert UserVersion.objects.count() == 0

    assert states(UserVersion, person, "email") == [("insert", "new@example.com")]


@pytest.mark.parametrize("who", ["alice", "unicom"])
def test_a_firm_does_not_read_history(city, who):
    from portal.accounts.permissions import reach_of

    assert ProjectVersion.objects.exists()
    with tenancy.asking_for(reach_of(getattr(city, who))):
        assert not ProjectVersion.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_fresh_connection_forgets_neither_wall_nor_course_after_a_request():
    """The first request of a process opens its connection in the midst of what is set for it."""
    city = town.found(at=timezone.now())
    client = Client()
    client.force_login(city.alice, backend=BACKEND)
    names = []

    def another_process():
        client.get("/desk/")
        client.post(
            f"/organization/projects/{city.lab.code}/",
            {"approval_threshold": "10", "monthly_budget": "20", "is_open": "on"},
        )
        names.extend(wrapper.__name__ for wrapper in connection.execute_wrappers)
        connection.close()

    thread = threading.Thread(target=another_process)
    thread.start()
    thread.join()

    assert names == ["_tell"]
    last = ProjectVersion.objects.filter(pgh_obj_id=city.lab.pk).latest("pgh_id")
    assert last.pgh_context["person"] == "alice"
