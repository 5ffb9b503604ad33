"""Payments and bank receipts for programs."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.payments import actions as payments
from marketplace.payments import tables
from marketplace.payments.models import BankReceipt, Payment, Refund
from portal.accounts.scoping import acting_for, require_for_api
from portal.organizations.models import Organization
from portal.shell.api import idempotency_key, replay_of
from portal.shell.expansions import Code, expanded
from portal.shell.listings import Listed
from portal.shell.openapi import IDEMPOTENCY_KEY
from portal.shell.rehearsals import rehearsable
from portal.shell.serializers import Currency, Yuan


class ReceiptSerializer(serializers.ModelSerializer):
    organization = serializers.SlugRelatedField(
        slug_field="code", queryset=Organization.objects.filter(kind=Organization.Kind.ENTERPRISE)
    )
    amount = Yuan()
    bank_reference = serializers.CharField(max_length=64)

    class Meta:
        model = BankReceipt
        fields = ["code", "organization", "bank_reference", "amount", "received_on", "recorded_at"]
        read_only_fields = ["code", "recorded_at"]


class ReceiptList(Listed):
    """Bank transfers credited to firms. The same bank reference again changes nothing."""

    screen = tables.screen
    serializer_class = ReceiptSerializer
    scopes = {"GET": "settlement:read", "POST": "settlement:write"}
    queryset = BankReceipt.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "receipts.view")
        return BankReceipt.objects.visible_to(self.request.user).select_related("organization")

    @extend_schema(responses={201: ReceiptSerializer})
    @rehearsable
    def post(self, request):
        require_for_api(request, "receipts.record")
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        receipt = payments.record_bank_receipt(**body.validated_data, by=request.user, at=timezone.now())
        return Response(self.get_serializer(receipt).data, status=201)


class PaymentSerializer(serializers.ModelSerializer):
    organization = serializers.CharField(source="organization.code", read_only=True)
    order_code = Code(of="orders", read_only=True)
    amount = Yuan()
    currency = Currency()
    # Empty while nothing stands in the way.
    reason = serializers.ChoiceField(choices=[*Payment.Reason.choices, ("", "")], read_only=True)

    class Meta:
        model = Payment
        fields = [
            "code",
            "organization",
            "purpose",
            "order_code",
            "method",
            "amount",
            "currency",
            "status",
            "reason",
            "pay_url",
            "scan_text",
            "created_at",
            "pay_by",
            "paid_at",
        ]
        read_only_fields = [name for name in fields if name not in ("method", "amount")]


def whole_payments(request, codes):
    """These payments as their addresses answer them."""
    require_for_api(request, "payments.view")
    rows = Payment.objects.visible_to(request.user).filter(code__in=codes).select_related("organization")
    return PaymentSerializer(rows, many=True).data


class PaymentList(Listed):
    """What my firm paid or means to pay from outside; and a new payment into its prepaid balance."""

    screen = tables.payments
    serializer_class = PaymentSerializer
    scopes = {"GET": "wallet:read", "POST": "wallet:write"}
    queryset = Payment.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "payments.view")
        return Payment.objects.visible_to(self.request.user).select_related("organization")

    @extend_schema(parameters=[IDEMPOTENCY_KEY], responses={201: PaymentSerializer})
    @rehearsable
    def post(self, request):
        require_for_api(request, "wallet.top_up")
        organization = acting_for(request._request, "wallet.top_up")
        key = idempotency_key(request)
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        now = timezone.now()
        payment = payments.top_up(
            organization=organization,
            **body.validated_data,
            idempotency_key=key,
            by=request.user,
            at=now,
        )
        headers = replay_of(payment.created_at, now)
        return Response(self.get_serializer(payment).data, status=201, headers=headers)


class PaymentDetail(APIView):
    """One payment: where to pay it, and whether it has arrived."""

    scopes = {"GET": "wallet:read"}

    @extend_schema(responses=PaymentSerializer)
    def get(self, request, code):
        require_for_api(request, "payments.view")
        rows = Payment.objects.visible_to(request.user).select_related("organization")
        found = PaymentSerializer(get_object_or_404(rows, code=code)).data
        return Response(expanded(request, PaymentSerializer, [found])[0])


class RefundSerializer(serializers.ModelSerializer):
    organization = serializers.CharField(source="organization.code")
    payment = Code(of="payments", source="payment.code", default=None, allow_null=True)
    receipt = serializers.CharField(source="receipt.code", default=None, allow_null=True)
    amount = Yuan()
    currency = Currency()

    class Meta:
        model = Refund
        fields = [
            "code",
            "organization",
            "payment",
            "receipt",
            "amount",
            "currency",
            "reason",
            "status",
            "failure",
            "asked_at",
            "done_at",
        ]


class RefundList(Listed):
    """What goes back to where it was paid from, and how far it has come."""

    screen = tables.refunds
    serializer_class = RefundSerializer
    scopes = {"GET": "wallet:read"}
    queryset = Refund.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "payments.view")
        return tables.refunds.rows(self.request.user)
