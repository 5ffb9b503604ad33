"""What is said before a city keeps its record too short."""

from django.conf import settings
from django.core.checks import Error, register

LEAST_MONTHS = 6


@register()
def kept_long_enough(app_configs, **options):
    """The Cybersecurity Law asks for six months at least (article 21)."""
    if settings.AUDIT_MONTHS >= LEAST_MONTHS:
        return []
    hint = f"Set AUDIT_MONTHS to {LEAST_MONTHS} or more."
    return [
        Error(f"audit events would be kept for {settings.AUDIT_MONTHS} months", hint=hint, id="portal.E002")
    ]
