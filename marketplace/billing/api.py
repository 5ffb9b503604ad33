"""Bills for programs."""

from rest_framework import serializers

from marketplace.billing import tables
from marketplace.billing.models import BillLine, BillPart
from portal.accounts.scoping import require_for_api
from portal.shell.listings import Listed
from portal.shell.serializers import Currency, Yuan


class BillPartSerializer(serializers.ModelSerializer):
    amount = Yuan()

    class Meta:
        model = BillPart
        fields = ["source", "reference", "label", "amount"]


class BillLineSerializer(serializers.ModelSerializer):
    order = serializers.CharField(source="order.code")
    project = serializers.CharField(source="project.code")
    provider = serializers.CharField(source="provider.code")
    started_at = serializers.DateTimeField(source="usage.started_at")
    ended_at = serializers.DateTimeField(source="usage.ended_at")
    currency = Currency()
    gross = Yuan()
    voucher = Yuan()
    cash = Yuan()
    parts = BillPartSerializer(many=True)

    class Meta:
        model = BillLine
        fields = [
            "code",
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
        return rows.select_related("order", "project", "provider", "usage").prefetch_related("parts")
