"""What is said before a city opens without keys."""

from django.core.checks import Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from portal.crypto import provider


@register(Tags.security, deploy=True)
def keys_are_there(app_configs, **options):
    """A city in service can seal what it is told."""
    try:
        provider().key_ids()
    except (ImproperlyConfigured, ImportError, OSError) as sad:
        hint = "Put keys into CRYPTO_KEYS or CRYPTO_KEYS_FILE, or name a cipher machine in CRYPTO_PROVIDER."
        return [Error(str(sad), hint=hint, id="portal.E001")]
    return []
