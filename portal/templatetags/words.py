"""Figures and proper names in the reader's language: `{% load words %}`."""

from decimal import Decimal

from django import template
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag
def own_name(row):
    """A thing's own name; the English one for English readers, where there is one."""
    is_english = (get_language() or "").startswith("en")
    return row.name_en if is_english and getattr(row, "name_en", "") else row.name


@register.simple_tag
def percent(rate):
    """A share in [0, 1] as 30%."""
    return f"{(Decimal(rate) * 100).normalize():f}%"


@register.simple_tag
def petaflops(amount):
    """P with one place: 1,028.5."""
    return f"{amount:,.1f}"
