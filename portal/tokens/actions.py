"""Giving a program a key, and taking it back."""

from datetime import timedelta

from allauth.idp.oidc.models import Client, Token
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.tokens.models import ApiToken, Application


class AlreadyDisconnected(Refusal):
    """This program was shut out before."""

    status = 409
    code = "already_disconnected"


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
        notices.notify(
            kind=Notice.Kind.SECURITY,
            sentence=gettext_noop("您的账号创建了访问令牌“%(name)s”。若非本人操作，请立即吊销。"),
            values={"name": name},
            url="/tokens/",
            at=at,
            user=by,
        )
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


def connect(*, organization, name, scopes, by, at) -> tuple[Application, str]:
    """Let a program fetch its own keys; its secret is returned once and never again."""
    secret = Application.new_secret()
    with transaction.atomic():
        client = Client(name=name)
        client.set_scopes(sorted(scopes))
        client.set_default_scopes(sorted(scopes))
        client.set_grant_types([Client.GrantType.CLIENT_CREDENTIALS])
        client.set_response_types([])
        client.set_secret(secret)
        client.save()
        application = Application.objects.create(
            code=new_code("AC"),
            organization=organization,
            name=name,
            client=client,
            created_by=by,
            created_at=at,
        )
        audit.record(application, "application.connected", by=by, name=name, scopes=sorted(scopes))
    return application, secret


def rotate_secret(*, application_id, by, at) -> tuple[Application, str]:
    """Give a program another secret; the old one and the keys fetched with it stop working at once."""
    secret = Application.new_secret()
    with transaction.atomic():
        application = _lock(application_id)
        if application.revoked_at is not None:
            raise AlreadyDisconnected(_("该应用已停用，请重新接入。"))
        before = application.rotated_at
        application.client.set_secret(secret)
        application.client.save()
        Token.objects.filter(client=application.client).delete()
        application.rotated_at = at
        application.save(update_fields=["rotated_at"])
        audit.record(
            application,
            "application.rotated",
            by=by,
            name=application.name,
            before={"rotated_at": before and before.isoformat()},
            after={"rotated_at": at.isoformat()},
        )
    return application, secret


def disconnect(*, application_id, by, at) -> Application:
    """Shut a program out at once. Saying it twice changes nothing."""
    with transaction.atomic():
        application = _lock(application_id)
        if application.revoked_at is None:
            application.client.set_grant_types([])
            application.client.save()
            Token.objects.filter(client=application.client).delete()
            application.revoked_at = at
            application.save(update_fields=["revoked_at"])
            audit.record(
                application,
                "application.disconnected",
                by=by,
                name=application.name,
                before={"revoked_at": None},
                after={"revoked_at": at.isoformat()},
            )
    return application


def _lock(application_id) -> Application:
    return (
        Application.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization", "client")
        .get(id=application_id)
    )
