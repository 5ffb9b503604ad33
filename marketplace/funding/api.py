"""A firm's purse for programs."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.funding import tables
from marketplace.funding.models import CreditLine
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from portal.accounts.scoping import acting_for, require_for_api
from portal.shell.listings import Listed
from portal.shell.serializers import Currency, Yuan


class WalletSerializer(serializers.Serializer):
    organization = serializers.CharField()
    currency = Currency()
    available = Yuan()
    held = Yuan()
    credit_free = Yuan(help_text=_("还可用的合同授信。"))
    owed = Yuan(help_text=_("已用未付的账款。"))


class Wallet(APIView):
    """What there is to spend, what is set aside and what is owed."""

    scopes = {"GET": "wallet:read"}

    @extend_schema(responses=WalletSerializer)
    def get(self, request):
        require_for_api(request, "wallet.view")
        owner = acting_for(request._request, "wallet.view").code
        body = {
            "organization": owner,
            "available": balance(Kind.PREPAID, owner),
            "held": balance(Kind.PREPAID_HELD, owner),
            "credit_free": balance(Kind.CREDIT_FREE, owner),
            "owed": balance(Kind.RECEIVABLE, owner),
        }
        return Response(WalletSerializer(body).data)


class CreditLineSerializer(serializers.ModelSerializer):
    organization = serializers.CharField(source="organization.code")
    limit = Yuan()
    currency = Currency()

    class Meta:
        model = CreditLine
        fields = [
            "code",
            "organization",
            "contract",
            "limit",
            "currency",
            "valid_until",
            "status",
            "reason",
            "proposed_at",
        ]


class CreditLineList(Listed):
    """Who may owe how much under which contract, and until when."""

    screen = tables.screen
    serializer_class = CreditLineSerializer
    scopes = {"GET": "settlement:read"}
    queryset = CreditLine.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "credit.view")
        return CreditLine.objects.visible_to(self.request.user).select_related("organization", "proposed_by")
