"""Field types that the whole API shares."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.shell.money import to_fen, to_yuan


@extend_schema_field(
    {"type": "string", "format": "decimal", "pattern": r"^-?\d+\.\d{2}$", "example": "1234.50"}
)
class Yuan(serializers.Field):
    """Fen in the house, a decimal string of yuan outside; at most two places come in."""

    def __init__(self, **options):
        self.typed = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal("0.01"))
        super().__init__(**options)

    def to_representation(self, value):
        return str(to_yuan(value))

    def to_internal_value(self, data):
        if isinstance(data, float):
            data = repr(data)
        return to_fen(self.typed.run_validation(data))


@extend_schema_field({"type": "string", "const": "CNY"})
class Currency(serializers.Field):
    """Every amount of this city is in yuan."""

    def __init__(self, **options):
        super().__init__(read_only=True, **options)

    def get_attribute(self, instance):
        return "CNY"

    def to_representation(self, value):
        return value


class Tiers(serializers.ListField):
    """What the unit price falls to: [above how many units, yuan for each of them], the lowest first."""

    child = serializers.ListField(
        child=serializers.DecimalField(max_digits=18, decimal_places=8), min_length=2, max_length=2
    )

    def __init__(self, **options):
        super().__init__(help_text=_("阶梯价：超过多少单位的部分，每单位多少元。"), **options)


class Package(serializers.IntegerField):
    """How many units are sold in one package."""

    def __init__(self, **options):
        help_text = _("每份多少单位，不足一份按一份计；空为按实际用量。")
        super().__init__(allow_null=True, help_text=help_text, **options)
