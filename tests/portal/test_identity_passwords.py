"""What makes a password good enough, by the city's choice and the person's duty."""

from datetime import timedelta

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User


def problems(password, user=None) -> list[str]:
    try:
        validate_password(password, user)
    except ValidationError as wrong:
        return [error.code for error in wrong.error_list]
    return []


@pytest.mark.parametrize(
    ("policy", "name", "password", "codes"),
    [
        ("djbh3", "bob", "Kx7-9pQ2m", ["password_too_short"]),
        ("djbh3", "bob", "Kx7-9pQ2mz", []),
        ("djbh3", "officer", "Kx7-9pQ2mzw", ["password_too_short"]),
        ("djbh3", "officer", "Kx7-9pQ2mzwe", []),
        ("djbh3", "bob", "lanternriverstone", ["password_not_mixed"]),
        ("asvs", "bob", "lanternriverstone", []),
        ("djbh3", "bob", "Password123", ["password_too_common"]),
        ("asvs", "bob", "password123", ["password_too_common"]),
        ("asvs", "officer", "Officer-example", ["password_too_similar"]),
        ("asvs", "bob", "Xiamen-2026-!!", ["password_of_this_place"]),
        ("djbh3", "bob", "厦门市公共算力平台A1-", ["password_of_this_place"]),
        ("djbh3", "bob", "Xiamen-lantern-8", []),
    ],
)
def test_a_password_is_weighed(city, settings, policy, name, password, codes):
    settings.PASSWORD_POLICY = policy

    assert problems(password, getattr(city, name)) == codes


def test_an_officer_does_not_come_back_to_the_last_five(city):
    officer = city.officer
    for number in range(6):
        officer.set_password(f"Lantern-river-{number}")
        officer.save()

    assert [problems(f"Lantern-river-{n}", officer) for n in range(6)] == [[]] + [
        ["password_used_before"]
    ] * 5
    assert officer.password_records.count() == 5


def test_asvs_remembers_nothing(city, settings):
    settings.PASSWORD_POLICY = "asvs"
    city.officer.set_password("Lantern-river-1")
    city.officer.save()

    assert problems("Lantern-river-1", city.officer) == []


@pytest.mark.parametrize(
    ("policy", "name", "days", "status"),
    [
        ("djbh3", "officer", 89, 200),
        ("djbh3", "officer", 90, 302),
        ("djbh3", "bob", 400, 200),
        ("asvs", "officer", 400, 200),
    ],
)
def test_an_officers_old_password_leads_to_the_page_that_changes_it(
    city, settings, policy, name, days, status
):
    settings.PASSWORD_POLICY = policy
    User.objects.update(password_changed_at=timezone.now() - timedelta(days=days))
    client = Client()
    client.force_login(getattr(city, name))

    answer = client.get("/desk/")

    assert answer.status_code == status
    assert status == 200 or answer["Location"] == "/accounts/password/change/"
