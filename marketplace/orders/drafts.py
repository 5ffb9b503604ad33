"""Typing an order in two steps: what was typed is kept, checked, and placed once."""

from datetime import timedelta

from django.db import transaction
from django.utils.timezone import localtime

from marketplace.orders import placing
from marketplace.orders.models import DraftFile, Order, OrderDraft
from portal.shell.codes import new_code

KEEP = timedelta(days=7)


def save(*, organization, request: placing.Request, by, at) -> OrderDraft:
    """Keep what was typed after the plan's own rules were asked; nothing is set aside yet. Raises Refusal."""
    placing.check(request, at)
    with transaction.atomic():
        draft = OrderDraft.objects.create(
            code=new_code("DR"),
            organization=organization,
            user=by,
            project=request.project,
            plan=request.plan,
            name=request.name,
            cards=request.cards,
            hours=request.hours,
            periods=request.periods,
            reservation=request.reservation,
            begins_at=request.begins_at,
            renews=request.renews,
            command=request.command,
            vouchers=None if request.vouchers is None else sorted(request.vouchers),
            ways=request.ways,
            created_at=at,
        )
        DraftFile.objects.bulk_create(
            DraftFile(draft=draft, path=path, content=content) for path, content in request.files
        )
    return draft


def files_of(draft: OrderDraft) -> tuple[tuple[str, bytes], ...]:
    """The files that go with a draft."""
    return tuple((f.path, bytes(f.content)) for f in draft.files.all())


def typed_in(draft: OrderDraft) -> dict:
    """What was typed, to type on from there."""
    return {
        "project": draft.project_id,
        "name": draft.name,
        "cards": draft.cards,
        "hours": draft.hours or draft.periods,
        **({"reservation": draft.reservation_id} if draft.reservation_id else {}),
        **({"begins_on": localtime(draft.begins_at).date()} if draft.begins_at else {}),
        "command": draft.command,
        "vouchers": draft.vouchers or [],
        "ways": draft.ways or [],
    }


def request_of(draft: OrderDraft) -> placing.Request:
    """The order that a draft describes."""
    return placing.Request(
        plan=draft.plan,
        project=draft.project,
        name=draft.name,
        cards=draft.cards,
        hours=draft.hours,
        periods=draft.periods,
        reservation=draft.reservation,
        begins_at=draft.begins_at,
        renews=draft.renews,
        command=draft.command,
        files=files_of(draft),
        vouchers=None if draft.vouchers is None else frozenset(draft.vouchers),
        ways=None if draft.ways is None else tuple(draft.ways),
    )


def place(*, draft: OrderDraft, by, at) -> Order:
    """Place what the draft describes, under its code as key: a double click is one order."""
    order, _is_new = placing.place(
        organization=draft.organization,
        request=request_of(draft),
        idempotency_key=draft.code,
        by=by,
        at=at,
    )
    return order


def forget_old(*, at) -> int:
    """Drop what nobody placed in a week."""
    return OrderDraft.objects.filter(created_at__lt=at - KEEP).delete()[0]
