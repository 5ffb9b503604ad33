"""Rows remember what they were, whoever writes and however."""

import threading

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from marketplace.catalogue.history import PlanPriceVersion
from marketplace.catalogue.models import PlanPrice
from portal.accounts.history import UserVersion
from portal.accounts.models import User
from portal.members import actions as members
from portal.organizations.history import MembershipVersion, ProjectVersion
from portal.organizations.models import Membership, Project
from portal.shell import tenancy
from tests import city as town
from tests.city import NOON

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


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


def test_no_secret_of_a_person_is_remembered():
    kept = {field.name for field in UserVersion._meta.fields}

    assert not kept & {"password", "phone", "phone_index"}


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
