"""A firm's orders: the list, one order's whole story, its log, and cancelling."""

from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.catalogue.models import Kind, Plan
from marketplace.catalogue.queries import price_notes
from marketplace.funding.queries import explained_holds
from marketplace.orders import actions as orders
from marketplace.orders import placing, story, tables
from marketplace.orders.models import Order
from marketplace.orders.reservations import AHEAD
from portal.accounts.permissions import can
from portal.accounts.scoping import require
from portal.approvals.models import Approval
from portal.audit import queries as audit
from portal.shell.exceptions import Refusal
from portal.shell.screens import RecordScreen, show
from scheduler.placement import queries as placement
from scheduler.workloads import queries as workloads

STOP_POLLING = 286


@require("orders.view")
def listing(request):
    """The orders I may see, newest first."""
    return show(request, tables.screen, "orders/list.html")


def _order(request, code):
    """With all that its page calls by name; PostgreSQL plans two questions of few tables sooner than one of many."""
    rows = Order.objects.visible_to(request.user).select_related(
        "organization", "project", "placed_by", "decision"
    )
    sold = Prefetch("plan", Plan.objects.select_related("provider", "accelerator"))
    return get_object_or_404(rows.prefetch_related(sold, "reservation", "renews"), code=code)


def _plans_here(request, order, at) -> list[Plan]:
    """What is sold of a running reservation's cards, while this person may put a job on it or take it for longer."""
    is_usable = (
        order.status == Order.Status.RUNNING and order.is_reservation and not order.cancel_requested_at
    )
    if not (is_usable and can(request.user, "orders.place", order.organization)):
        return []
    same = {"provider": order.plan.provider, "accelerator": order.plan.accelerator}
    return list(Plan.objects.on_shelf().priced(at).filter(**same))


def _following(order) -> tuple[list[Order], Order | None]:
    """A reservation's jobs, newest first, and what takes it on when it ends."""
    if not order.is_reservation:
        return [], None
    rows = Order.objects.filter(Q(reservation=order) | Q(renews=order)).select_related("plan").order_by("-id")
    renewals = [row for row in rows if row.renews_id == order.id and row.is_open]
    return [row for row in rows if row.reservation_id == order.id], next(iter(renewals), None)


@require("orders.view")
def detail(request, code):
    """One order's whole story: where it stands, why it runs where it runs, what it costs, what happened."""
    order = _order(request, code)
    workload = None if order.is_reservation else workloads.by_order(order.code)
    jobs, renewal = _following(order)
    now = timezone.now()
    told = placement.story(order.decision)
    plans = _plans_here(request, order, now)
    is_ending = bool(order.ends_at) and now <= order.ends_at <= now + AHEAD
    context = {
        "record": RecordScreen(
            order, order.code, order.name or order.code, _("订单"), reverse("orders:list"), "status"
        ),
        "tables": tables,
        "order": order,
        "workload": workload,
        "stages": story.stages(order, workload),
        "charged": story.charged(order, workload),
        "candidates": [one for one in told if "wrong_accelerator" not in one["reasons"]],
        "others": [one for one in told if "wrong_accelerator" in one["reasons"]],
        "jobs": jobs,
        "renewal": renewal,
        "may_renew": is_ending and not renewal and any(plan.id == order.plan_id for plan in plans),
        "job_plan": next((plan for plan in plans if plan.kind == Kind.BATCH), None),
        "cards_taken": sum(job.cards for job in jobs if job.is_open),
        "price_notes": price_notes(order.plan, order),
        "holds": explained_holds(order.code),
        "lines": order.lines.prefetch_related("parts"),
        "events": story.timeline(audit.of_subject(order)),
        "approval": Approval.objects.filter(kind=placing.APPROVAL_KIND, subject_code=order.code).first(),
        "may_cancel": order.is_open
        and not order.cancel_requested_at
        and can(request.user, "orders.cancel", order.organization),
        "may_read_log": bool(workload) and can(request.user, "logs.view", order.organization),
        "is_withdrawable": order.is_open and now <= order.cancel_until,
    }
    is_fragment = (
        request.htmx and request.htmx.target == "order-live" and not request.htmx.history_restore_request
    )
    response = render(request, "orders/_live.html" if is_fragment else "orders/detail.html", context)
    response["Vary"] = "HX-Request, Cookie, Accept-Language"
    if is_fragment and not order.is_open:
        response.status_code = STOP_POLLING
        response["HX-Refresh"] = "true"
    return response


@require("logs.view")
def log(request, code):
    """The tail of the job's own output; polled while it runs."""
    order = _order(request, code)
    workload = workloads.by_order(order.code)
    if workload is None:
        raise Http404
    cursor = request.GET.get("cursor", "")
    tail = workloads.log_tail(workload, int(cursor) if cursor.isdigit() and len(cursor) < 16 else 0)
    response = render(request, "orders/_log.html", {"order": order, "workload": workload, "tail": tail})
    if tail.is_over and request.htmx:
        response.status_code = STOP_POLLING
    return response


@require("orders.cancel")
@require_POST
def cancel(request, code):
    """Stop an order; in the withdrawal time it costs nothing."""
    order = _order(request, code)
    if not can(request.user, "orders.cancel", order.organization):
        messages.error(request, _("您没有取消该订单的权限。"))
        return redirect(order)
    try:
        orders.cancel(order_id=order.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("已收到取消请求，未使用的部分会自动退回。"))
    return redirect(order)
