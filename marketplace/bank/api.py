"""The bank's lines for programs, and the nightly file of a bank that delivers by itself."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from marketplace.bank import actions as bank
from marketplace.bank import tables
from marketplace.bank.models import BankFile, BankLine
from portal.accounts.scoping import require_for_api
from portal.shell import uploads
from portal.shell.listings import Listed
from portal.shell.serializers import Yuan


class BankLineSerializer(serializers.ModelSerializer):
    amount = Yuan()
    receipt = serializers.CharField(source="receipt.code", allow_null=True, default=None)
    organization = serializers.CharField(source="receipt.organization.code", allow_null=True, default=None)

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
        return BankLine.objects.visible_to(self.request.user).select_related("receipt__organization")


class BankFileSerializer(serializers.ModelSerializer):
    file = serializers.FileField(write_only=True)
    opening = Yuan(read_only=True)
    closing = Yuan(read_only=True)

    class Meta:
        model = BankFile
        fields = ["code", "file", "name", "opening", "closing", "line_count", "taken_at"]
        read_only_fields = ["code", "name", "line_count", "taken_at"]


class BankFileIntake(GenericAPIView):
    """Hand in a bank's statement (CSV or CAMT.053): taken whole or not at all; the same file again is refused."""

    serializer_class = BankFileSerializer
    parser_classes = [MultiPartParser]
    scopes = {"POST": "settlement:write"}
    queryset = BankFile.objects.none()

    @extend_schema(responses={201: BankFileSerializer})
    def post(self, request):
        require_for_api(request, "receipts.record")
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        file = body.validated_data["file"]
        content = file.read(uploads.STATEMENTS.most_bytes + 1)
        uploads.check(file.name, content, uploads.STATEMENTS)
        taken = bank.take_file(name=file.name, content=content, by=request.user, at=timezone.now())
        return Response(self.get_serializer(taken).data, status=201)
