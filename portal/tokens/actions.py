"""Giving a program a key, and taking it back."""

from datetime import timedelta

from django.db import transaction

from portal.audit import actions as audit
from portal.shell.codes import new_code
from portal.tokens.models import ApiToken


def issue(*, organization, name, scopes, days, by, at) -> tuple[ApiToken, str]:
    """Give a program a key; the secret is returned once and never again."""
    secret = ApiToken.new_secret()
    with transaction.atomic():
        token = ApiToken.objects.create(
            code=new_code("TK"),
            user=by,
            organization=organization,
            name=name,
            digest=ApiToken.digest_of(secret),
            scopes=sorted(scopes),
            created_at=at,
            expires_at=at + timedelta(days=days),
        )
        audit.record(token, "token.issued", by=by, name=name, scopes=token.scopes, days=days)
    return token, secret


def revoke(*, token_id, by, at) -> ApiToken:
    """Take a key back. Saying it twice changes nothing."""
    with transaction.atomic():
        token = (
            ApiToken.objects.select_for_update(of=("self",), no_key=True)
            .select_related("organization")
            .get(id=token_id)
        )
        if token.revoked_at is None:
            token.revoked_at = at
            token.save(update_fields=["revoked_at"])
            audit.record(
                token,
                "token.revoked",
                by=by,
                name=token.name,
                before={"revoked_at": None},
                after={"revoked_at": at.isoformat()},
            )
    return token
