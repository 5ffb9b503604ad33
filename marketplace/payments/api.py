"""Bank receipts for programs."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from marketplace.payments import actions as payments
from marketplace.payments import tables
from marketplace.payments.models import BankReceipt
from portal.accounts.scoping import require_for_api
from portal.organizations.models import Organization
from portal.shell.listings import Listed
from portal.shell.serializers import Yuan


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
    def post(self, request):
        require_for_api(request, "receipts.record")
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        receipt = payments.record_bank_receipt(**body.validated_data, by=request.user, at=timezone.now())
        return Response(self.get_serializer(receipt).data, status=201)
