"""What may be done to people's keys."""

from datetime import timedelta

from django.db import transaction

from portal.accounts.models import ApiToken
from portal.shell.codes import new_code


def issue_token(*, user, organization, name, scopes, days, at) -> tuple[ApiToken, str]:
    """Give a program a key; the secret is returned once and never again."""
    secret = ApiToken.new_secret()
    with transaction.atomic():
        token = ApiToken.objects.create(
            code=new_code("TK"),
            user=user,
            organization=organization,
            name=name,
            digest=ApiToken.digest_of(secret),
            scopes=sorted(scopes),
            created_at=at,
            expires_at=at + timedelta(days=days),
        )
    return token, secret


def revoke_token(*, token_id, at):
    """Take a key back. Saying it twice changes nothing."""
    ApiToken.objects.filter(id=token_id, revoked_at=None).update(revoked_at=at)
