"""Invoices for programs."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from marketplace.invoices import actions as invoices
from marketplace.invoices import tables
from marketplace.invoices.models import Invoice
from portal.accounts.scoping import acting_for, require_for_api
from portal.shell.api import idempotency_key, replay_of
from portal.shell.listings import Listed
from portal.shell.openapi import IDEMPOTENCY_KEY
from portal.shell.rehearsals import rehearsable
from portal.shell.serializers import Currency, Yuan


class InvoiceSerializer(serializers.ModelSerializer):
    organization = serializers.CharField(source="organization.code", read_only=True)
    original = serializers.CharField(source="original.number", default=None, allow_null=True, read_only=True)
    currency = Currency()
    amount = Yuan()
    tax = Yuan(read_only=True)
    address = serializers.CharField(source="buyer_address", max_length=160, required=False, allow_blank=True)
    bank = serializers.CharField(source="buyer_bank", max_length=160, required=False, allow_blank=True)

    class Meta:
        model = Invoice
        fields = [
            "code",
            "organization",
            "color",
            "original",
            "number",
            "currency",
            "amount",
            "tax",
            "buyer_name",
            "buyer_tax_number",
            "address",
            "bank",
            "email",
            "status",
            "refusal",
            "requested_at",
            "issued_at",
        ]
        read_only_fields = [f for f in fields if f not in ("amount", "address", "bank", "email")]


class InvoiceList(Listed):
    """Invoices of my firm; and a new one over a part of what it paid."""

    screen = tables.screen
    serializer_class = InvoiceSerializer
    scopes = {"GET": "wallet:read", "POST": "wallet:write"}
    queryset = Invoice.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "invoices.view")
        return Invoice.objects.visible_to(self.request.user).select_related("organization", "original")

    @extend_schema(parameters=[IDEMPOTENCY_KEY], responses={201: InvoiceSerializer})
    @rehearsable
    def post(self, request):
        require_for_api(request, "invoices.request")
        organization = acting_for(request._request, "invoices.request")
        key = idempotency_key(request)
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        said, now = body.validated_data, timezone.now()
        invoice = invoices.request(
            organization=organization,
            amount=said["amount"],
            address=said.get("buyer_address", ""),
            bank=said.get("buyer_bank", ""),
            email=said.get("email", ""),
            idempotency_key=key,
            by=request.user,
            at=now,
        )
        headers = replay_of(invoice.requested_at, now)
        return Response(self.get_serializer(invoice).data, status=201, headers=headers)
