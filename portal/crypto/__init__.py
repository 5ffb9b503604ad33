"""The city's keys: what is sealed and signed with them, and the slot for a certified cipher machine.

`purpose` says what a text is and whose — "portal_user.phone:42" — and is bound into the ciphertext, so that
nobody who can write rows can move it to another row or field.
"""

from functools import cache

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from portal.crypto.provider import CryptoProvider, DoesNotOpen, Signature

__all__ = ["CryptoProvider", "DoesNotOpen", "Signature", "blind_indexes", "provider", "seal", "unseal"]


@cache
def provider() -> CryptoProvider:
    """Who keeps the keys, as settings.CRYPTO_PROVIDER names it."""
    return import_string(settings.CRYPTO_PROVIDER)()


def seal(text: str, purpose: str) -> str:
    """A text that only this city can read, and only where it was put."""
    return provider().encrypt(text.encode(), purpose.encode())


def unseal(sealed: str, purpose: str) -> str:
    """The text again; DoesNotOpen when it was altered or comes from somewhere else."""
    return provider().decrypt(sealed, purpose.encode()).decode()


def blind_indexes(text: str, purpose: str) -> list[str]:
    """What a sealed text is looked up by: one for each key it may have been written under, the present one first."""
    keys, message = provider(), f"{purpose}\0{text}".encode()
    return [f"{key_id}:{keys.mac(message, key_id).hex()}" for key_id in keys.key_ids()]


def _forget_provider(*, setting, **change):
    if setting.startswith("CRYPTO_"):
        provider.cache_clear()


setting_changed.connect(_forget_provider)
