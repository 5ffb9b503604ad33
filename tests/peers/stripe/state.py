"""The provider's rows, and the events and bookings that come of changing them."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.peers.stripe.words import invalid


@dataclass
class State:
    """All that the provider knows; one lock around every request."""

    webhook_url: str = ""
    rows: dict[str, dict[str, dict]] = field(default_factory=dict)
    outbox: list[dict] = field(default_factory=list)
    lost: list[dict] = field(default_factory=list)
    remembered: dict[str, tuple[str, int, dict]] = field(default_factory=dict)
    # Once each: "before" closes the connection and does nothing, "after" does it and says nothing, 500 is a bad day.
    accidents: list[Any] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    refuses_refunds: bool = False
    carry: Callable[[bytes, str], int] | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    clock: Callable[[], float] = time.time
    counter: int = 0

    def add(self, table, prefix, **fields) -> dict:
        self.counter += 1
        row = {"id": f"{prefix}_{self.counter:08d}", "object": table, "created": int(self.clock()), **fields}
        self.rows.setdefault(table, {})[row["id"]] = row
        return row

    def row(self, table, id) -> dict:
        found = self.rows.get(table, {}).get(id)
        if found is None:
            raise invalid(
                f"No such {table.replace('.', ' ')}: '{id}'", code="resource_missing", param="id", status=404
            )
        return found

    def happened(self, kind, row) -> None:
        """Snapshots go out, so that an old one may arrive after a new one."""
        data = {"object": json.loads(json.dumps(row))}
        self.outbox.append(self.add("event", "evt", type=kind, data=data, livemode=False))

    def book(self, kind, amount, source, *, fee=0, currency="cny") -> dict:
        return self.add(
            "balance_transaction",
            "txn",
            type=kind,
            amount=amount,
            fee=fee,
            net=amount - fee,
            currency=currency,
            source=source,
            status="available",
            payout=None,
        )
