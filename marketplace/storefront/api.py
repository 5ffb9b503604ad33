"""The shelf for programs."""

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.storefront.filters import kind_from, size_from, wishes_from
from marketplace.storefront.queries import FLAGS, SORTS, offer_of, offers, offers_of, sift
from marketplace.storefront.shelf import FACETS
from portal.shell.listings import Listed, PagesOfSorted
from portal.shell.serializers import Currency, Package, Tiers, Yuan


class OfferSerializer(serializers.Serializer):
    code = serializers.CharField(source="plan.code")
    kind = serializers.CharField(source="plan.kind")
    provider = serializers.CharField(source="plan.provider.code")
    provider_name = serializers.CharField(source="plan.provider.name")
    is_simulated = serializers.BooleanField(source="stock.is_simulated")
    accelerator = serializers.CharField(source="plan.accelerator.code")
    accelerator_name = serializers.CharField(source="plan.accelerator.name")
    is_domestic = serializers.BooleanField(source="plan.accelerator.is_domestic")
    memory_gb = serializers.IntegerField(source="plan.accelerator.memory_gb")
    fp16_tflops = serializers.DecimalField(
        source="plan.accelerator.fp16_tflops", max_digits=8, decimal_places=2
    )
    districts = serializers.ListField(source="stock.districts", child=serializers.CharField())
    cards_free = serializers.IntegerField(source="stock.cards_free")
    cards_total = serializers.IntegerField(source="stock.cards_total")
    cards_max = serializers.IntegerField(source="plan.cards_max")
    hours_max = serializers.IntegerField(source="plan.hours_max")
    observed_at = serializers.DateTimeField(source="stock.observed_at", allow_null=True)
    currency = Currency()
    unit = serializers.CharField(source="plan.unit")
    term = serializers.IntegerField(source="plan.term", help_text=_("须承诺的月数，0 为不承诺。"))
    is_orderable = serializers.BooleanField(source="plan.is_orderable")
    unit_price = serializers.DecimalField(max_digits=18, decimal_places=8, help_text=_("元/计价单位"))
    tiers = Tiers(source="plan.tiers")
    package = Package(source="plan.package")
    early_price = serializers.DecimalField(
        source="plan.early_price", max_digits=18, decimal_places=8, allow_null=True
    )
    amount = Yuan(help_text=_("所询卡数与时长的原价。"))
    vouchers = Yuan()
    amount_after_vouchers = Yuan(source="cash")


SIZE = [
    OpenApiParameter("cards", int, description=_("按多少张卡计价，默认 1。")),
    OpenApiParameter("hours", str, description=_("按多少小时计价，默认 1；预留商品按其天数或月数。")),
]
WISHES = [
    *SIZE,
    *(OpenApiParameter(facet.name, str, many=True) for facet in FACETS),
    *(OpenApiParameter(flag, str, enum=["1"]) for flag in FLAGS),
    OpenApiParameter("kind", str, enum=["batch", "reserved"], description=_("商品类型，默认 batch。")),
    OpenApiParameter("memory", int, description=_("单卡显存至少多少 GB。")),
    OpenApiParameter("q", str),
    OpenApiParameter("sort", str, enum=list(SORTS)),
]


def _buyer(request):
    return getattr(request._request, "organization", None) or None


def whole_plans(request, codes):
    """These offers as their addresses answer them: the price of one card for one hour."""
    return OfferSerializer(offers_of(codes, _buyer(request), timezone.now()), many=True).data


class OfferList(Listed):
    """What is on the shelf: free now, price before and after this buyer's vouchers. Filters as in the page's address."""

    scopes = {"GET": None}
    serializer_class = OfferSerializer
    pagination_class = PagesOfSorted

    def get_queryset(self):
        wishes = self.request.query_params
        cards, hours = size_from(wishes)
        shelf = offers(_buyer(self.request), timezone.now(), kind=kind_from(wishes), cards=cards, hours=hours)
        return sift(shelf, wishes_from(wishes)).fits

    @extend_schema(parameters=WISHES)
    def get(self, request):
        return self.list(request)


class OfferDetail(APIView):
    """One offer."""

    scopes = {"GET": None}

    @extend_schema(parameters=SIZE, responses=OfferSerializer)
    def get(self, request, code):
        cards, hours = size_from(request.query_params)
        found = offer_of(code, _buyer(request), timezone.now(), cards=cards, hours=hours)
        if found is None:
            raise Http404
        return Response(OfferSerializer(found).data)
