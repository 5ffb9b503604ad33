"""Orders as programs write and read them."""

from decimal import Decimal
from typing import NoReturn

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.orders.models import Order
from portal.shell.expansions import Code
from portal.shell.serializers import Currency, Package, Tiers, Yuan
from scheduler.workloads.actions import MOST_BYTES, MOST_FILES


@extend_schema_field(
    {
        "oneOf": [
            {
                "type": "object",
                "required": ["path", "content"],
                "properties": {
                    "path": {"type": "string", "example": "train.py"},
                    "content": {"type": "string", "description": "UTF-8 text"},
                },
            },
            {"type": "string", "format": "binary", "description": "in multipart requests"},
        ]
    }
)
class JobFile(serializers.Field):
    """A file of a job: {path, content} in JSON, an upload in multipart; cleaned to (path, bytes)."""

    default_error_messages = {"invalid": _("文件须为 {path, content} 对象，或以 multipart 上传。")}

    def to_internal_value(self, data):
        if hasattr(data, "read"):
            return data.name, data.read()
        if not (
            isinstance(data, dict)
            and isinstance(data.get("path"), str)
            and isinstance(data.get("content"), str)
        ):
            self._refuse()
        try:
            content = data["content"].encode()
            data["path"].encode()
        except UnicodeEncodeError:
            self._refuse()
        if "\0" in data["path"]:
            self._refuse()
        return data["path"], content

    def _refuse(self) -> NoReturn:
        # fail() would take the braces of the sentence for a place to fill.
        raise serializers.ValidationError(self.error_messages["invalid"], code="invalid")

    def to_representation(self, value):
        return {"path": value[0]}


class OrderRequest(serializers.Serializer):
    plan = serializers.CharField(max_length=32)
    project = serializers.CharField(max_length=32)
    name = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    cards = serializers.IntegerField(min_value=1, max_value=100_000)
    hours = serializers.DecimalField(
        max_digits=8,
        decimal_places=2,
        min_value=Decimal("0.01"),
        default=None,
        allow_null=True,
        help_text=_("作业的时长上限；预留资源不填。"),
    )
    periods = serializers.IntegerField(
        min_value=1,
        max_value=1000,
        default=None,
        allow_null=True,
        help_text=_("预留资源的天数或月数，按商品的计价单位；整机包月的 cards 为台数。"),
    )
    reservation = serializers.CharField(
        max_length=32,
        default=None,
        allow_null=True,
        help_text=_("在本单位的这份预留资源内运行，不另计费。"),
    )
    begins_on = serializers.DateField(
        default=None, allow_null=True, help_text=_("预留资源从哪一天起用，最多 90 天后；不填为确认后立即。")
    )
    renews = serializers.CharField(
        max_length=32,
        default=None,
        allow_null=True,
        help_text=_("续订本单位的这份预留资源：同样的卡，自其到期时起用。"),
    )
    command = serializers.CharField(max_length=4000, default="", allow_blank=True)
    files = serializers.ListField(child=JobFile(), required=False, default=list, max_length=MOST_FILES)
    vouchers = serializers.ListField(
        child=serializers.CharField(max_length=32),
        required=False,
        default=None,
        allow_null=True,
        max_length=50,
        help_text=_("要用的券号；不填或 null 为自动选择，[] 为不用券。"),
    )

    ways = serializers.ListField(
        child=serializers.CharField(max_length=20),
        required=False,
        default=None,
        allow_null=True,
        max_length=10,
        help_text=_('算力券之外的支付方式，按先后顺序，如 ["wallet", "credit"]；不填为默认顺序。'),
    )

    def validate(self, data):
        """A job says for how long and what; reserved capacity says how many days or months."""
        if data["periods"] is None:
            missing = {name: _("作业须填写。") for name in ("hours", "command") if not data[name]}
            missing |= {name: _("只用于预留资源。") for name in ("begins_on", "renews") if data[name]}
            if missing:
                raise serializers.ValidationError(missing)
        elif data["hours"] is not None:
            raise serializers.ValidationError({"hours": _("预留资源按天数或月数，不填时长。")})
        return data

    def validate_files(self, files):
        if sum(len(content) for _path, content in files) > MOST_BYTES:
            raise serializers.ValidationError(_("文件合计不能超过 10 MB，请压缩或改用数据集。"))
        return tuple(files)


class QuotePart(serializers.Serializer):
    source = serializers.CharField()
    reference = serializers.CharField()
    label = serializers.CharField()
    amount = Yuan()
    explanation = serializers.ListField(child=serializers.CharField())


class QuoteSerializer(serializers.Serializer):
    currency = Currency()
    unit_price = serializers.DecimalField(max_digits=18, decimal_places=8)
    tiers = Tiers()
    package = Package()
    amount = Yuan()
    vouchers = Yuan()
    amount_after_vouchers = Yuan(source="cash")
    shortage = Yuan(help_text=_("所选支付方式还差多少。"))
    to_pay = Yuan(help_text=_("下单后还须付款多少，付款后才开始。"))
    needs_approval = serializers.BooleanField()
    parts = QuotePart(many=True)


class WorkloadSerializer(serializers.Serializer):
    code = serializers.CharField()
    status = serializers.CharField()
    cluster = serializers.CharField(source="pool.cluster.code")
    submitted_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    exit_reason = serializers.CharField()


class OrderSerializer(serializers.ModelSerializer):
    organization = serializers.CharField(source="organization.code")
    project = Code(of="projects", source="project.code")
    plan = Code(of="plans", source="plan.code")
    reservation = Code(of="orders", source="reservation.code", default=None, allow_null=True)
    renews = Code(of="orders", source="renews.code", default=None, allow_null=True)
    currency = Currency()
    tiers = Tiers()
    package = Package()
    amount = Yuan()
    vouchers = Yuan(source="voucher_amount")
    amount_after_vouchers = Yuan(source="cash_amount")
    billed_amount = Yuan(allow_null=True)

    class Meta:
        model = Order
        fields = [
            "code",
            "organization",
            "project",
            "plan",
            "name",
            "cards",
            "hours",
            "nodes",
            "periods",
            "begins_at",
            "starts_at",
            "ends_at",
            "reservation",
            "renews",
            "currency",
            "unit_price",
            "tiers",
            "package",
            "amount",
            "vouchers",
            "amount_after_vouchers",
            "billed_amount",
            "status",
            "placed_at",
            "cancel_until",
            "pay_by",
            "confirmed_at",
            "cancel_requested_at",
            "is_withdrawn",
            "closed_at",
        ]


class OrderDetailSerializer(OrderSerializer):
    workload = WorkloadSerializer(allow_null=True)

    class Meta(OrderSerializer.Meta):
        fields = [*OrderSerializer.Meta.fields, "workload"]


class LogTail(serializers.Serializer):
    text = serializers.CharField()
    cursor = serializers.IntegerField(help_text=_("下次从这里继续读取。"))
    is_over = serializers.BooleanField()
    is_reachable = serializers.BooleanField()


class CandidateSerializer(serializers.Serializer):
    pool = serializers.CharField()
    cluster = serializers.CharField()
    cluster_name = serializers.CharField()
    provider_name = serializers.CharField()
    is_simulated = serializers.BooleanField()
    is_chosen = serializers.BooleanField()
    cards_free = serializers.IntegerField()
    score = serializers.FloatField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    sentences = serializers.ListField(child=serializers.CharField())
