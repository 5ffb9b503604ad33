"""Every pair of states of every model: the arrows that exist, and the refusal of all others."""

from types import SimpleNamespace

import pytest
from django.apps import apps

from portal.shell import status
from portal.shell.exceptions import IllegalMove

MODELS = [model for model in apps.get_models() if hasattr(model, "NEXT")]
PAIRS = [
    pytest.param(model, now, to, id=f"{model.__name__}:{now}->{to}")
    for model in MODELS
    for now in model.Status
    for to in model.Status
    if to not in model.NEXT.get(now, ())
]


def test_these_models_have_states():
    assert sorted(model.__name__ for model in MODELS) == [
        "Adjustment",
        "Approval",
        "BankLine",
        "Bill",
        "BillRefund",
        "CreditLine",
        "Difference",
        "Export",
        "FactorReset",
        "Invoice",
        "Order",
        "Payment",
        "Payout",
        "PayoutAccount",
        "PayoutBatch",
        "PriceDraft",
        "Programme",
        "Refund",
        "Statement",
        "Terms",
        "Verification",
        "Voucher",
        "Workload",
    ]


@pytest.mark.parametrize(("model", "now", "to"), PAIRS)
def test_a_move_without_an_arrow_is_refused(model, now, to):
    row = model(status=now)
    row.save = lambda **more: pytest.fail("it was saved")

    with pytest.raises(IllegalMove):
        status.move(row, to)

    assert row.status == now


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_state_can_be_reached_or_begun_in(model):
    begun = {model._meta.get_field("status").default, *getattr(model, "BEGINS", ())}
    reached = {to for arrows in model.NEXT.values() for to in arrows}
    first = {state for state in model.Status if state not in reached}

    assert first <= begun | {next(iter(model.Status))}


def test_a_move_along_an_arrow_saves_what_changed_with_it():
    saved = []
    model = next(m for m in MODELS if m.__name__ == "Order")
    row = SimpleNamespace(
        NEXT=model.NEXT,
        status=model.Status.CONFIRMED,
        started_at=None,
        save=lambda update_fields: saved.append(update_fields),
    )

    status.move(row, model.Status.RUNNING, started_at=1)

    assert (row.status, row.started_at, saved) == (model.Status.RUNNING, 1, [["status", "started_at"]])
