"""The seeds of second factors lie in allauth's table, sealed by us: a rotation of keys reaches them, too."""

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q

from portal import crypto
from portal.crypto import rotation

PURPOSE = "second-factor"
SEALED = ("secret", "seed")


def connect():
    """Take part in `rotate_keys`."""
    if reseal not in rotation.OTHERS:
        rotation.OTHERS.append(reseal)


def reseal(limit: int) -> int:
    """Seal at most so many factors anew that lie under older keys; how many it was."""
    present = f"{crypto.provider().key_ids()[0]}:"
    is_old = Q()
    for name in SEALED:
        is_old |= Q(data__has_key=name) & ~Q(**{f"data__{name}__startswith": present})
    with transaction.atomic():
        factors = list(
            Authenticator.objects.filter(is_old)
            .select_for_update(no_key=True, of=("self",))
            .order_by("pk")[:limit]
        )
        for factor in factors:
            for name in SEALED:
                if name in factor.data:
                    factor.data[name] = crypto.seal(crypto.unseal(factor.data[name], PURPOSE), PURPOSE)
            factor.save(update_fields=["data"])
    return len(factors)
