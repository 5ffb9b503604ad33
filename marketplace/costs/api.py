"""Costs for programs."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.costs import queries
from marketplace.costs.forms import BY, CostForm
from portal.accounts.scoping import require_for_api
from portal.shell.serializers import Currency, Yuan


class CostWish(serializers.Serializer):
    by = serializers.ChoiceField(choices=list(BY), required=False)
    since = serializers.RegexField(r"^20\d\d-(0[1-9]|1[0-2])$", required=False)
    until = serializers.RegexField(r"^20\d\d-(0[1-9]|1[0-2])$", required=False)


class CostShareSerializer(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    line_count = serializers.IntegerField()
    card_seconds = serializers.IntegerField()
    gross = Yuan()
    voucher = Yuan()
    cash = Yuan()
    credit = Yuan()


class ForecastSerializer(serializers.Serializer):
    billed = Yuan()
    held = Yuan()
    expected = Yuan()
    budget = Yuan()


class CostSerializer(serializers.Serializer):
    by = serializers.CharField()
    since = serializers.CharField()
    until = serializers.CharField()
    currency = Currency()
    rows = CostShareSerializer(many=True)
    forecast = ForecastSerializer()


class Costs(APIView):
    """The costs of some months by project, accelerator, provider or day, and what this month will have cost."""

    scopes = {"GET": "orders:read"}

    @extend_schema(parameters=[CostWish], responses=CostSerializer)
    def get(self, request):
        require_for_api(request, "bills.view")
        form = CostForm(request.query_params)
        if not form.is_valid():
            raise exceptions.ValidationError(form.errors)
        by, months = form.wish(timezone.localdate())
        body = {
            "by": by,
            "since": f"{months.since:%Y-%m}",
            "until": f"{months.until:%Y-%m}",
            "rows": queries.shares(request.user, months, by),
            "forecast": queries.forecast(request.user, timezone.now()),
        }
        return Response(CostSerializer(body).data)
