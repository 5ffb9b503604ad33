"""Form fields that the whole house shares."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.shell.money import to_fen, to_yuan


class YuanField(forms.DecimalField):
    """Typed in yuan with at most two places, cleaned to whole fen."""

    unit = _("元")

    def __init__(self, **options):
        super().__init__(**{"min_value": Decimal(0), "max_digits": 14, "decimal_places": 2, **options})

    def clean(self, value):
        amount = super().clean(value)
        return None if amount is None else to_fen(amount)

    def prepare_value(self, value):
        return to_yuan(value) if isinstance(value, int) else value


class MomentField(forms.DateTimeField):
    """A moment in the city's time, from the browser's own picker."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **options):
        super().__init__(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"], **options)
