import pytest

from federation.adapters.models import SimulatedJob
from federation.adapters.simulated import SimulatedAdapter
from portal.organizations.models import Organization
from scheduler.dispatch import tasks
from scheduler.placement import actions as placement
from scheduler.workloads import actions as workloads
from tests.federation.builders import NOON, Clock, pool


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def city(db):
    """One simulated cluster with two nodes of eight cards."""
    return pool()


@pytest.fixture
def firm(db):
    return Organization.objects.create(code="EN-1", kind="enterprise", name="甲")


@pytest.fixture
def order(city, firm):
    """Take in the work of an order: order("OD-1", command=…, cards=…)."""

    def take(code="OD-1", *, cards=4, command='PORTAL_SIMULATE="seconds=90"', max_seconds=3600, **fields):
        decision = placement.decide(subject_code=code, accelerator="ascend910b", cards=cards, at=NOON)
        return workloads.create(
            organization=firm,
            order_code=code,
            decision=decision,
            command=command,
            max_seconds=max_seconds,
            at=NOON,
            **fields,
        )

    return take


@pytest.fixture
def turn(clock):
    """All sweeps once, after some time has passed."""

    def go(**delta):
        clock.pass_(**delta)
        tasks.sweep((tasks.Status.QUEUED, tasks.Status.SUBMITTING), tasks.submit, clock)
        tasks.sweep((tasks.Status.ACCEPTED, tasks.Status.RUNNING), tasks.observe, clock)
        tasks.sweep((tasks.Status.CANCELLING,), tasks.cancel, clock)

    return go


class Stubborn(SimulatedAdapter):
    """A cluster that answers as the test says: each entry of `trouble` is (call, error, whether it happened anyway)."""

    trouble: list = []

    def _maybe(self, call, do):
        for entry in self.trouble:
            if entry[0] == call:
                self.trouble.remove(entry)
                if entry[2]:
                    do()
                raise entry[1]
        return do()

    def submit(self, key, spec):
        return self._maybe("submit", lambda: super(Stubborn, self).submit(key, spec))

    def find(self, key):
        return self._maybe("find", lambda: super(Stubborn, self).find(key))

    def get(self, ref):
        return self._maybe("get", lambda: super(Stubborn, self).get(ref))

    def cancel(self, ref):
        return self._maybe("cancel", lambda: super(Stubborn, self).cancel(ref))

    def log_ending(self, ref, limit):
        return self._maybe("log_ending", lambda: super(Stubborn, self).log_ending(ref, limit))


def connect(cluster, clock):
    return Stubborn(cluster, clock)


@pytest.fixture
def trouble(settings):
    """What the cluster will do wrong, in order."""
    settings.CLUSTER_ADAPTERS = {"simulated": "tests.scheduler.conftest.connect"}
    Stubborn.trouble = []
    yield Stubborn.trouble
    Stubborn.trouble = []


@pytest.fixture
def jobs():
    """How many jobs the cluster has."""
    return SimulatedJob.objects.count
