"""What became of the work, and what it said."""

from dataclasses import dataclass

from federation.adapters.base import LOG_CHUNK, AdapterError, RemoteRef, whole_text
from federation.adapters.queries import adapter_for
from scheduler.workloads.models import Workload


@dataclass(frozen=True, slots=True)
class LogTail:
    """Output from a byte position on. cursor: ask from here next. is_over: there will be no more."""

    text: str
    cursor: int
    is_over: bool
    is_cut: bool = False
    is_reachable: bool = True


def by_order(order_code) -> Workload | None:
    """The work of one order."""
    return by_orders([order_code]).get(order_code)


def by_orders(order_codes) -> dict[str, Workload]:
    """The work of each of these orders that has some."""
    rows = Workload.objects.select_related("pool__cluster").defer("final_log")
    return {work.order_code: work for work in rows.filter(order_code__in=order_codes)}


def log_tail(workload, cursor=0, limit=LOG_CHUNK) -> LogTail:
    """What the work has said from byte `cursor` on: from its cluster while it lives, from our own copy afterwards.

    Calls the cluster, so never inside a transaction.
    """
    cursor = max(0, cursor)
    if workload.is_terminal:
        return _kept(workload, cursor, limit)
    if not workload.remote_ref:
        return LogTail("", cursor, is_over=False)
    try:
        with adapter_for(workload.pool.cluster) as adapter:
            chunk = adapter.logs(RemoteRef(workload.remote_ref), cursor, limit)
    except AdapterError:
        return LogTail("", cursor, is_over=False, is_reachable=False)
    return LogTail(chunk.text, chunk.cursor, is_over=False, is_cut=chunk.is_cut)


def _kept(workload, cursor, limit) -> LogTail:
    data = workload.final_log.encode()
    first = workload.final_log_from
    start = max(0, cursor - first)
    window = data[start : start + limit]
    text, used = whole_text(window)
    after = first + start + used
    return LogTail(text, max(cursor, after), is_over=start + used >= len(data), is_cut=cursor < first)
