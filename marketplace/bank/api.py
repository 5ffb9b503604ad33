"""The bank's lines for programs, and the nightly file of a bank that delivers by itself."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from marketplace.bank import actions as bank
from marketplace.bank import tables
from marketplace.bank.models import BankFile, BankLine
from portal.accounts.scoping import require_for_api
from portal.shell import uploads
from portal.shell.listings import Listed
from portal.shell.rehearsals import rehearsable
from portal.shell.serializers import Yuan


class BankLineSerializer(serializers.ModelSerializer):
    amount = Yuan()
    receipt = serializers.CharField(source="receipt.code", allow_null=True, default=None)
    organization = serializers.CharField(source="payer.code", allow_null=True, default=None)

    class Meta:
        model = BankLine
        fields = [
            "code",
            "bank_reference",
            "booked_on",
            "amount",
            "counterparty",
            "remark",
            "status",
            "receipt",
            "organization",
            "explanation",
        ]


class BankLineList(Listed):
    """Every movement on the platform's account, and what became of it."""

    screen = tables.screen
    serializer_class = BankLineSerializer
    scopes = {"GET": "settlement:read"}
    queryset = BankLine.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "receipts.view")
        return BankLine.objects.visible_to(self.request.user).select_related("payer", "receipt")


class BankFileSerializer(serializers.ModelSerializer):
    content = serializers.CharField(
        write_only=True, max_length=uploads.STATEMENTS.most_bytes, trim_whitespace=False
    )
    opening = Yuan(read_only=True)
    closing = Yuan(read_only=True)

    class Meta:
        model = BankFile
        fields = ["code", "name", "content", "opening", "closing", "line_count", "taken_at"]
        read_only_fields = ["code", "line_count", "taken_at"]


class BankFileIntake(GenericAPIView):
    """Hand in a bank's statement (CSV or CAMT.053) as text: taken whole or not at all; the same again is refused."""

    serializer_class = BankFileSerializer
    scopes = {"POST": "settlement:write"}
    queryset = BankFile.objects.none()

    @extend_schema(responses={201: BankFileSerializer})
    @rehearsable
    def post(self, request):
        require_for_api(request, "receipts.record")
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        name, content = body.validated_data["name"], body.validated_data["content"].encode()
        taken = bank.take_file(name=name, content=content, by=request.user, at=timezone.now())
        return Response(self.get_serializer(taken).data, status=201)
