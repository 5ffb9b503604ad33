"""Orders for programs."""

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.catalogue.models import Plan
from marketplace.funding.queries import explained
from marketplace.orders import actions as orders
from marketplace.orders import placing, reservations, tables
from marketplace.orders.models import Order
from marketplace.orders.queries import cancellation, quote
from marketplace.orders.serializers import (
    CandidateSerializer,
    LogTail,
    OrderDetailSerializer,
    OrderRequest,
    OrderSerializer,
    QuoteSerializer,
)
from portal.accounts.scoping import acting_for, require_for_api
from portal.organizations.models import Project
from portal.shell.api import expect_unchanged, idempotency_key, is_rehearsal
from portal.shell.codes import new_code
from portal.shell.expansions import expanded
from portal.shell.listings import Listed
from portal.shell.openapi import IDEMPOTENCY_KEY, IF_MATCH
from portal.shell.operations import LOCATION, accepted
from portal.shell.rehearsals import answers_dry_runs, rehearsable
from scheduler.placement import queries as placement
from scheduler.workloads import queries as workloads

NAMED = ("organization", "project", "plan", "reservation", "renews")


def _as_detail(order):
    order.workload = workloads.by_order(order.code)
    return OrderDetailSerializer(order).data


def whole_orders(request, codes):
    """These orders as their addresses answer them."""
    require_for_api(request, "orders.view")
    rows = Order.objects.visible_to(request.user).filter(code__in=codes).select_related(*NAMED)
    works = workloads.by_orders(codes)
    for order in rows:
        order.workload = works.get(order.code)
    return OrderDetailSerializer(rows, many=True).data


class OrderList(Listed):
    """My firm's orders, newest first; and placing one."""

    screen = tables.screen
    serializer_class = OrderSerializer
    scopes = {"GET": "orders:read", "POST": "orders:write"}
    queryset = Order.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "orders.view")
        rows = Order.objects.visible_to(self.request.user)
        return rows.select_related("organization", "project", "plan").prefetch_related("reservation")

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request={"application/json": OrderRequest, "multipart/form-data": OrderRequest},
        responses={
            200: OpenApiResponse(QuoteSerializer, _lazy("dry_run=true 的试算结果")),
            201: OrderDetailSerializer,
        },
    )
    @answers_dry_runs
    def post(self, request):
        require_for_api(request, "orders.place")
        organization = acting_for(request._request, "orders.place")
        wanted = self._request_from(request, organization)
        now = timezone.now()
        if is_rehearsal(request):
            return Response(_tried(organization, wanted, request.user, now))
        key = idempotency_key(request)
        order, is_new = placing.place(
            organization=organization, request=wanted, idempotency_key=key, by=request.user, at=now
        )
        headers = {"Location": f"/api/v1/orders/{order.code}/"}
        if not is_new:
            headers["Idempotent-Replayed"] = "true"
        return Response(_as_detail(order), status=201, headers=headers)

    def _request_from(self, request, organization) -> placing.Request:
        body = OrderRequest(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        plan = Plan.objects.select_related("provider", "accelerator").filter(code=data["plan"]).first()
        project = Project.objects.filter(organization_id=organization.id, code=data["project"]).first()
        problems = {}
        if plan is None:
            problems["plan"] = _("没有这个商品，请用 GET /api/v1/plans/ 查询在售商品。")
        if project is None:
            problems["project"] = _("本单位没有这个项目，请用 GET /api/v1/projects/ 查询。")
        mine = Order.objects.visible_to(request.user).filter(organization_id=organization.id)
        named = {}
        for name in ("reservation", "renews"):
            named[name] = mine.filter(code=data[name]).first() if data[name] else None
            if data[name] and named[name] is None:
                problems[name] = _("本单位没有这份预留资源。")
        if plan is None or project is None or problems:
            raise exceptions.ValidationError(problems)
        return placing.Request(
            plan=plan,
            project=project,
            name=data["name"],
            cards=data["cards"],
            hours=data["hours"],
            periods=data["periods"],
            reservation=named["reservation"],
            renews=named["renews"],
            begins_at=named["renews"].ends_at
            if named["renews"]
            else data["begins_on"] and reservations.beginning(data["begins_on"]),
            command=data["command"],
            files=tuple(data["files"]),
            vouchers=None if data["vouchers"] is None else frozenset(data["vouchers"]),
            ways=None if data["ways"] is None else tuple(data["ways"]),
        )


def _tried(organization, wanted, by, at):
    """The price of an order that would be taken; refused like the order itself, and nothing is left of it."""
    with transaction.atomic():
        placing.place(organization=organization, request=wanted, idempotency_key=new_code("DR"), by=by, at=at)
        transaction.set_rollback(True)
    return _priced(organization, wanted, at)


def _priced(organization, wanted, at):
    price = placing.price_in_force(wanted.plan, at)
    amount = placing.amount_of(wanted, price)
    cost = quote(organization, wanted.plan, amount, at, chosen=wanted.vouchers, ways=wanted.ways)
    threshold = wanted.project.approval_threshold
    return QuoteSerializer(
        {
            "unit_price": price.unit_price,
            "tiers": price.tiers,
            "package": price.package,
            "amount": cost.amount,
            "vouchers": cost.vouchers,
            "cash": cost.cash,
            "shortage": cost.shortage,
            "to_pay": cost.to_pay,
            "needs_approval": bool(threshold) and cost.amount >= threshold,
            "parts": [
                {
                    "source": part.source,
                    "reference": part.reference,
                    "label": _(part.label),
                    "amount": part.amount,
                    "explanation": sentences,
                }
                for part, sentences in explained(cost)
            ],
        }
    ).data


class _OneOrder(APIView):
    def order(self, request, code, action="orders.view"):
        require_for_api(request, action)
        rows = Order.objects.visible_to(request.user).select_related(*NAMED)
        return get_object_or_404(rows, code=code)


class OrderPlacement(_OneOrder):
    """Why it runs where it runs: every cluster that was looked at, with its reasons."""

    scopes = {"GET": "orders:read"}

    @extend_schema(responses=CandidateSerializer(many=True))
    def get(self, request, code):
        decision = self.order(request, code).decision
        return Response(CandidateSerializer(placement.story(decision), many=True).data)


class OrderDetail(_OneOrder):
    """One order with its workload."""

    scopes = {"GET": "orders:read"}

    @extend_schema(responses=OrderDetailSerializer)
    def get(self, request, code):
        found = _as_detail(self.order(request, code))
        return Response(expanded(request, OrderDetailSerializer, [found])[0])


class OrderCancel(_OneOrder):
    """Stop an order: 200 when that is done, 202 while its work is still to be stopped. Saying it twice changes nothing."""

    scopes = {"POST": "orders:write"}

    @extend_schema(
        parameters=[IF_MATCH, LOCATION],
        request=None,
        responses={
            200: OpenApiResponse(OrderDetailSerializer, _lazy("已取消")),
            202: OpenApiResponse(OrderDetailSerializer, _lazy("作业停下后取消，见 Location")),
        },
    )
    @rehearsable
    def post(self, request, code):
        order = self.order(request, code, "orders.cancel")
        require_for_api(request, "orders.cancel", order.organization)
        with transaction.atomic():
            expect_unchanged(request, lambda: _as_detail(Order.objects.locked(order.id)))
            orders.cancel(order_id=order.id, by=request.user, at=timezone.now())
        order = self.order(request, code)
        body = _as_detail(order)
        return accepted(cancellation(order), body) if order.is_open else Response(body)


class OrderLog(_OneOrder):
    """The tail of the job's own output."""

    scopes = {"GET": "orders:read"}

    @extend_schema(
        parameters=[
            OpenApiParameter("cursor", int, description=_lazy("已读的字节数，即上次返回的 cursor。"))
        ],
        responses=LogTail,
    )
    def get(self, request, code):
        workload = workloads.by_order(self.order(request, code, "logs.view").code)
        if workload is None:
            raise Http404
        cursor = request.query_params.get("cursor", "")
        tail = workloads.log_tail(workload, int(cursor) if cursor.isdigit() and len(cursor) < 16 else 0)
        return Response(LogTail(tail).data)
