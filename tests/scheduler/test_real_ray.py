"""The whole road of a workload on a real Ray: placed, run, followed, stopped, metered."""

import time

import pytest
from django.utils import timezone

from federation.capacity import actions as capacity
from federation.capacity.catalogue_data import CITY
from federation.capacity.models import Pool
from federation.clusters.models import Cluster
from federation.sync.tasks import look_at
from federation.usage.models import UsageRecord
from portal.organizations.models import Organization
from scheduler.dispatch import tasks
from scheduler.placement import actions as placement
from scheduler.workloads import actions as workloads
from scheduler.workloads import queries
from scheduler.workloads.models import Workload

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.django_db]
Status = Workload.Status


@pytest.fixture
def firm(settings, ray_cluster):
    settings.RAY_ADDRESS = ray_cluster
    capacity.load_city(CITY, timezone.now())
    real = Cluster.objects.get(adapter="ray")
    deadline = time.monotonic() + 40
    while not Pool.objects.filter(cluster=real, observed_at__isnull=False).exists():
        assert time.monotonic() < deadline
        look_at(real)
        time.sleep(0.3)
    return Organization.objects.create(code="EN-1", kind="enterprise", name="甲")


def work(firm, command, code="OD-1", **fields):
    decision = placement.decide(
        subject_code=code, accelerator="ascend910b", cards=4, provider_code="siming", at=timezone.now()
    )
    return workloads.create(
        organization=firm,
        order_code=code,
        decision=decision,
        command=command,
        at=timezone.now(),
        **{"max_seconds": 600} | fields,
    )


def until(row, *statuses, seconds=60):
    deadline = time.monotonic() + seconds
    while row.status not in statuses:
        assert time.monotonic() < deadline, f"still {row.status} {row.message}"
        tasks.submit_queued_workloads()
        tasks.observe_open_workloads()
        tasks.cancel_requested_workloads()
        time.sleep(0.3)
        row.refresh_from_db()
    return row


def test_a_workload_runs_where_it_was_placed_and_is_metered(firm):
    row = work(
        firm, "python3 a.py", files=[("a.py", b"import time; print('step 1', flush=True); time.sleep(3)")]
    )
    until(row, Status.RUNNING)
    deadline = time.monotonic() + 20
    while "step 1" not in queries.log_tail(row, 0).text:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    until(row, Status.SUCCEEDED)

    reading = UsageRecord.objects.get()
    assert row.pool.cluster.code == "siming-ray"
    assert reading.seconds == int((row.ended_at - row.started_at).total_seconds()) == 3
    assert "step 1" in queries.log_tail(row, 0).text
    assert not Pool.objects.exclude(cards_held=0).exists()


def test_a_failure_tells_why(firm):
    row = until(work(firm, "echo 数据集不存在 >&2; exit 9"), Status.FAILED)

    assert (row.exit_code, row.exit_reason, row.is_provider_fault) == (9, "exit_code", False)
    assert "数据集不存在" in row.message
    assert "数据集不存在" in row.final_log


def test_a_stop_stops_it(firm):
    row = until(work(firm, "sleep 300"), Status.RUNNING)

    workloads.request_cancel(order_code="OD-1", by=None, at=timezone.now())
    until(row, Status.CANCELLED)

    assert UsageRecord.objects.get().seconds == int((row.ended_at - row.started_at).total_seconds())
    assert not Pool.objects.exclude(cards_held=0).exists()


def test_a_time_limit_is_kept_and_billed_as_ordered(firm):
    row = until(work(firm, "sleep 300", max_seconds=2), Status.FAILED)

    assert row.exit_reason == "time_limit"
    assert UsageRecord.objects.get().seconds == 2


def test_a_killed_worker_leaves_one_job_behind_not_two(firm):
    row = work(firm, "echo started; sleep 2")
    from scheduler.dispatch import actions as dispatch

    taken = dispatch.claim(statuses=(Status.QUEUED,), seen=set(), silent=set(), at=timezone.now())
    with tasks.adapter_for(taken.pool.cluster) as adapter:
        adapter.submit(taken.key, tasks.spec_of(taken))
    Workload.objects.filter(id=row.id).update(leased_until=timezone.now())

    until(row, Status.SUCCEEDED)

    assert row.final_log.count("started\n") == 1
    assert UsageRecord.objects.count() == 1
