"""The same decision in plain loops over every node: slow, obvious, and the judge of the fast one."""

from scheduler.engine import Reason
from scheduler.engine.snapshot import TYPICAL_CARDS
from scheduler.engine.weights import PARTS, Weights


def plan(rows, request, weights=None, now=0.0):
    """(chosen code or None, allocation, {code: (reasons, score)})."""
    weights = weights or Weights()
    rows = sorted(rows, key=lambda row: row.code)
    verdicts, feasible = {}, []
    for row in rows:
        reasons = reasons_against(row, request, weights, now)
        placed = None if reasons else place(row.node_idle, row.cards_per_node, request.cards)
        verdicts[row.code] = (reasons, None)
        if not reasons:
            feasible.append((row, placed))
    prices = [row.price for row, _ in feasible if row.price == row.price and row.price > 0]
    best = None
    for row, placed in feasible:
        score = round(
            sum(
                getattr(weights, n) * p
                for n, p in zip(PARTS, parts(row, placed, request, prices, weights, now))
            ),
            9,
        )
        verdicts[row.code] = ((), score)
        if best is None or score > best[0]:
            best = (score, row.code, placed)
    return (best[1], best[2], verdicts) if best else (None, (), verdicts)


def reasons_against(row, request, weights, now):
    nodes = -(-request.cards // row.cards_per_node)
    enough = row.cards_free >= request.cards
    too_wide = nodes > (row.max_gang_nodes if request.gang else 1)
    facts = [
        (Reason.WRONG_ACCELERATOR, row.accelerator != request.accelerator),
        (Reason.OTHER_PROVIDER, bool(request.provider) and row.provider != request.provider),
        (Reason.CLUSTER_OFFLINE, row.state not in ("online", "connecting")),
        (Reason.CLUSTER_CONNECTING, row.state == "connecting"),
        (Reason.STALE_DATA, now - row.observed_at > weights.max_age_seconds and row.state != "offline"),
        (Reason.HOURS_TOO_LONG, request.hours is not None and row.max_hours < request.hours),
        (Reason.NOT_ENOUGH_CARDS, not enough),
        (Reason.GANG_TOO_WIDE, too_wide),
        (
            Reason.GANG_DOES_NOT_FIT,
            enough and not too_wide and place(row.node_idle, row.cards_per_node, request.cards) is None,
        ),
    ]
    return tuple(reason for reason, holds in facts if holds)


def place(idle, per_node, cards):
    left, taken = list(idle), {}
    while cards >= per_node:
        node = next((n for n, k in enumerate(left) if k == per_node), None)
        if node is None:
            return None
        taken[node], left[node] = per_node, 0
        cards -= per_node
    if cards:
        fitting = [(k, n) for n, k in enumerate(left) if k >= cards and n not in taken]
        if not fitting:
            return None
        taken[min(fitting)[1]] = cards
    return tuple(sorted(taken.items()))


def stranded(idle, per_node):
    return idle * sum(share for size, share in TYPICAL_CARDS.items() if min(size, per_node) > idle)


def parts(row, placed, request, prices, weights, now):
    rest = request.cards % row.cards_per_node
    change = left = 0
    if rest:
        before = next(
            row.node_idle[node] for node, cards in placed if cards == rest and cards < row.cards_per_node
        )
        left = before - rest
        change = stranded(left, row.cards_per_node) - stranded(before, row.cards_per_node)
    known = row.price == row.price and row.price > 0
    return (
        min(prices) / row.price if known and prices else 0.0,
        float(bool(request.district) and row.district == request.district),
        min(1.0, max(0.0, 0.5 - change / (2 * row.cards_per_node))),
        min(1.0, max(0.0, 2.0 - row.pue)),
        min(1.0, max(0.0, 1 - (now - row.observed_at) / weights.max_age_seconds)),
        min(1.0, max(0.0, 1 - left / row.cards_per_node)),
    )
