"""Bills for programs."""

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.billing import overdue, queries, tables
from marketplace.billing.models import Bill, BillLine, BillPart
from portal.accounts.scoping import require_for_api
from portal.shell.api import expect_unchanged
from portal.shell.expansions import Code
from portal.shell.listings import Listed
from portal.shell.openapi import IF_MATCH
from portal.shell.rehearsals import rehearsable
from portal.shell.serializers import Currency, Yuan


class BillPartSerializer(serializers.ModelSerializer):
    amount = Yuan()

    class Meta:
        model = BillPart
        fields = ["source", "reference", "label", "amount"]


class BillLineSerializer(serializers.ModelSerializer):
    order = Code(of="orders", source="order.code")
    project = Code(of="projects", source="project.code")
    provider = serializers.CharField(source="provider.code")
    original = serializers.CharField(source="original.code", default=None, allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    currency = Currency()
    gross = Yuan()
    voucher = Yuan()
    cash = Yuan()
    credit = Yuan()
    parts = BillPartSerializer(many=True)

    class Meta:
        model = BillLine
        fields = [
            "code",
            "kind",
            "original",
            "order",
            "project",
            "provider",
            "cards",
            "seconds",
            "metered_seconds",
            "started_at",
            "ended_at",
            "currency",
            "unit_price",
            "gross",
            "voucher",
            "cash",
            "credit",
            "free_reason",
            "billed_at",
            "parts",
        ]


class BillList(Listed):
    """What was used and what it cost, newest first."""

    screen = tables.screen
    serializer_class = BillLineSerializer
    scopes = {"GET": "orders:read"}
    queryset = BillLine.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "bills.view")
        rows = BillLine.objects.visible_to(self.request.user)
        return rows.select_related("order", "project", "provider", "usage", "original").prefetch_related(
            "parts"
        )


class MonthlyBillSerializer(serializers.ModelSerializer):
    organization = serializers.CharField(source="organization.code")
    currency = Currency()
    gross = Yuan()
    voucher = Yuan()
    cash = Yuan()
    credit = Yuan()
    brought = Yuan()
    due = Yuan()
    paid = Yuan()

    class Meta:
        model = Bill
        fields = [
            "code",
            "organization",
            "month",
            "line_count",
            "currency",
            "gross",
            "voucher",
            "cash",
            "credit",
            "brought",
            "due",
            "paid",
            "due_on",
            "status",
            "issued_at",
            "paid_at",
        ]


class ProjectShareSerializer(serializers.Serializer):
    project = serializers.CharField(source="number")
    name = serializers.CharField()
    line_count = serializers.IntegerField()
    gross = Yuan()
    voucher = Yuan()
    cash = Yuan()
    credit = Yuan()


class WholeBillSerializer(MonthlyBillSerializer):
    projects = serializers.SerializerMethodField()

    class Meta(MonthlyBillSerializer.Meta):
        fields = [*MonthlyBillSerializer.Meta.fields, "projects"]

    @extend_schema_field(ProjectShareSerializer(many=True))
    def get_projects(self, bill):
        return ProjectShareSerializer(queries.by_project(bill), many=True).data


class MonthlyBillList(Listed):
    """One bill a month for each firm, newest first."""

    screen = tables.monthly
    serializer_class = MonthlyBillSerializer
    scopes = {"GET": "orders:read"}
    queryset = Bill.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "bills.view")
        return Bill.objects.visible_to(self.request.user).select_related("organization")


class MonthlyBillDetail(APIView):
    """One monthly bill, project by project; its lines are `bills/?bill=`."""

    scopes = {"GET": "orders:read"}

    @extend_schema(responses=WholeBillSerializer)
    def get(self, request, code):
        require_for_api(request, "bills.view")
        bills = Bill.objects.visible_to(request.user).select_related("organization")
        return Response(WholeBillSerializer(get_object_or_404(bills, code=code)).data)


class MonthlyBillPayment(APIView):
    """Pay one monthly bill from the prepaid balance. Saying it twice pays once."""

    scopes = {"POST": "wallet:write"}

    @extend_schema(parameters=[IF_MATCH], request=None, responses=WholeBillSerializer)
    @rehearsable
    def post(self, request, code):
        bill = get_object_or_404(Bill.objects.visible_to(request.user), code=code)
        require_for_api(request, "bills.pay", bill.organization)
        with transaction.atomic():
            expect_unchanged(request, lambda: WholeBillSerializer(Bill.objects.locked(bill.id)).data)
            paid = overdue.pay(bill_id=bill.id, by=request.user, at=timezone.now())
        return Response(WholeBillSerializer(paid).data)
