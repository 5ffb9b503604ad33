"""Two sealers, two hourly signatures and two rotations at one moment: one chain, one number, one key over all."""

from functools import partial

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction

from portal.accounts.models import User
from portal.audit import actions as audit
from portal.audit import queries
from portal.audit.models import Checkpoint, Event, Seal
from portal.crypto import provider, rotation
from portal.crypto.software import new_key
from tests import city as town
from tests.city import NOON
from tests.concurrency.races import race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def city(transactional_db):
    city = town.found()
    for number in range(60):
        audit.record(
            city.lab, "project.changed", by=city.alice, before={"n": number}, after={"n": number + 1}
        )
    return city


def seal_everything():
    while audit.seal(limit=7):
        pass


def test_many_sealers_make_one_chain(city):
    race(*[seal_everything] * 4)
    seal_everything()

    assert Seal.objects.count() == Event.objects.count()
    assert queries.breaks() == []


def test_without_taking_turns_two_sealers_would_clash(city, monkeypatch):
    """The race is real: both begin at the same link, and only the constraint stops the second."""
    monkeypatch.setattr(audit, "_is_alone", lambda cursor: True)
    bulk_create, met = type(Seal.objects.all()).bulk_create, []

    def after_the_other(rows, seals, **options):
        if not met:
            met.append(True)
            race(partial(audit.seal, limit=1000))
        return bulk_create(rows, seals, **options)

    monkeypatch.setattr(type(Seal.objects.all()), "bulk_create", after_the_other)

    with pytest.raises(IntegrityError), transaction.atomic():
        audit.seal()


def test_two_hourly_signatures_have_two_numbers(city):
    seal_everything()

    race(*[partial(audit.take_checkpoint, at=NOON)] * 4)

    numbers = list(Checkpoint.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1)) and numbers
    assert queries.breaks() == []


def test_two_rotations_at_once_leave_everybody_readable(city, settings, tmp_path):
    path = tmp_path / "keys"
    path.write_text(new_key()[1] + "\n")
    settings.CRYPTO_KEYS_FILE = str(path)
    # Second factors were sealed under the keys of before.
    Authenticator.objects.all().delete()
    for user in User.objects.all():
        user.phone = f"1380000{user.id % 10_000:04d}"
        user.save()
    new = provider().rotate()

    race(*[lambda: list(rotation.batches())] * 2)

    for user in User.objects.all():
        assert user.phone == f"1380000{user.id % 10_000:04d}"
        assert list(User.objects.with_phone(user.phone)) == [user]
    assert {rotation.under_older_keys(field).count() for field in rotation.fields()} == {0}
    assert provider().key_ids()[0] == new
