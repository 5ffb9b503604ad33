"""Decisions per second of the engine against the plain Python reference, same city, same requests, same run."""

import random
import time

from scheduler.engine import PoolRow, Request, Snapshot, plan
from tests.engine import reference

NOW = 1_800_000_000.0
ACCELERATORS = ("ascend910b", "a800", "h20", "rtx4090", "p800")


def city(pools, nodes, seed=42):
    """A made-up city: pools x nodes, eight cards each, about half of them idle."""
    chance = random.Random(seed)
    rows = []
    for number in range(pools):
        idle = [chance.choice([0, 0, 0, 1, 3, 5, 8, 8, 8]) for _ in range(nodes)]
        rows.append(
            PoolRow(
                code=f"pool-{number:04d}",
                cluster=f"cluster-{number // 3:04d}",
                provider=f"provider-{number % 5}",
                accelerator=ACCELERATORS[number % len(ACCELERATORS)],
                cards_free=sum(idle),
                cards_per_node=8,
                node_idle=idle,
                district=("siming", "huli", "jimei")[number % 3],
                price=chance.choice([3.0, 4.5, 6.0]),
                pue=chance.choice([1.15, 1.25, 1.4]),
                observed_at=NOW - chance.randrange(300),
                max_gang_nodes=4,
            )
        )
    return rows


def requests(count, seed=7):
    """The size mix of the public openb trace: nearly all one card, a few gangs."""
    chance = random.Random(seed)
    sizes = chance.choices([1, 2, 4, 8, 16], weights=[80, 8, 6, 5, 1], k=count)
    return [Request(chance.choice(ACCELERATORS), cards, district="siming") for cards in sizes]


def rate(decide, work):
    """(decisions per second, answers)."""
    started = time.perf_counter()
    answers = [decide(request) for request in work]
    return len(work) / (time.perf_counter() - started), answers


def compare(pools, nodes, count):
    rows, work = city(pools, nodes), requests(count)
    snapshot = Snapshot.of(rows)
    plan(snapshot, work[0], now=NOW)
    fast, decisions = rate(lambda request: plan(snapshot, request, now=NOW), work)
    told, _ = rate(lambda request: plan(snapshot, request, now=NOW).candidates, work[: count // 4])
    sample = work[: max(20, count // 20)]
    slow, references = rate(lambda request: reference.plan(rows, request, now=NOW), sample)
    same = all(
        (decision.chosen, decision.allocation) == expected[:2]
        for decision, expected in zip(decisions, references, strict=False)
    )
    return fast, told, slow, same


def main():
    print("engine decisions/s: bare · with every reason told · plain Python · ratios to plain · same answers")
    for pools, nodes, count in ((24, 16, 4000), (40, 150, 4000), (400, 40, 2000)):
        fast, told, slow, same = compare(pools, nodes, count)
        print(
            f"  {pools:>4} pools x {nodes:>3} nodes: {fast:>6.0f} {told:>6.0f} {slow:>6.0f}"
            f" {fast / slow:>6.1f}x {told / slow:>6.1f}x {same}"
        )


if __name__ == "__main__":
    main()
