"""Batches and payments for programs."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from marketplace.payouts import tables
from marketplace.payouts.models import Payout, PayoutBatch
from portal.accounts.scoping import require_for_api
from portal.shell.expansions import Code
from portal.shell.listings import Listed
from portal.shell.serializers import Currency, Yuan


class PayoutBatchSerializer(serializers.ModelSerializer):
    total = Yuan()
    currency = Currency()
    made_by = serializers.CharField(source="made_by.username")
    approved_by = serializers.CharField(source="approved_by.username", default=None, allow_null=True)

    class Meta:
        model = PayoutBatch
        fields = [
            "code",
            "status",
            "count",
            "total",
            "currency",
            "made_by",
            "made_at",
            "approved_by",
            "approved_at",
            "closed_at",
        ]


class PayoutBatchList(Listed):
    """Batches of payments, newest first."""

    screen = tables.batches
    serializer_class = PayoutBatchSerializer
    scopes = {"GET": "settlement:read"}
    queryset = PayoutBatch.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "payouts.view")
        return tables.batches.rows(self.request.user)


class PayoutSerializer(serializers.ModelSerializer):
    batch = serializers.CharField(source="batch.code")
    subject = Code(of="statements", source="subject.code", help_text=_("结算单或退款的编号；结算单可展开。"))
    payee = serializers.CharField(source="payee.holder")
    account = serializers.CharField(source="payee.masked")
    amount = Yuan()
    currency = Currency()
    bank_reference = serializers.CharField(source="line.bank_reference", default=None, allow_null=True)

    class Meta:
        model = Payout
        fields = [
            "code",
            "batch",
            "subject",
            "payee",
            "account",
            "amount",
            "currency",
            "status",
            "bank_reference",
            "reason",
            "settled_at",
        ]


class PayoutList(Listed):
    """Every payment of every batch: which statement or refund it pays, and what the bank said."""

    screen = tables.PAYOUTS
    serializer_class = PayoutSerializer
    scopes = {"GET": "settlement:read"}
    queryset = Payout.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "payouts.view")
        return tables.PAYOUTS.rows(self.request.user)
