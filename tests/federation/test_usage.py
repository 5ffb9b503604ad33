"""Meter readings are written once and never changed."""

import pytest
from django.db import DatabaseError, transaction

from federation.usage import actions as usage
from federation.usage.models import UsageRecord
from tests.federation.builders import NOON, card, cluster

pytestmark = pytest.mark.django_db


def reading(seconds=90, key="xm.WL-1.1"):
    where = cluster() if not UsageRecord.objects.exists() else UsageRecord.objects.first().cluster
    return usage.record(
        source_key=key,
        cluster=where,
        accelerator=card(),
        workload_code="WL-1",
        cards=4,
        started_at=NOON,
        ended_at=NOON,
        seconds=seconds,
        is_final=True,
        at=NOON,
    )


def test_the_first_reading_under_a_key_stands():
    reading(90)
    again = reading(4000)

    assert (UsageRecord.objects.count(), again.seconds, again.card_seconds) == (1, 90, 360)


@pytest.mark.parametrize("change", [lambda r: r.update(seconds=1), lambda r: r.delete()])
def test_history_is_not_rewritten(change):
    reading()

    with pytest.raises(DatabaseError), transaction.atomic():
        change(UsageRecord.objects.all())
    assert UsageRecord.objects.get().seconds == 90
