"""Giving a program a key or a way to fetch keys, changing its secret, and taking it back."""

from datetime import timedelta
from typing import NamedTuple

from allauth.idp.oidc.models import Client, Token
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import keys
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.tokens.models import OVERLAP, ApiToken, Application, ConnectedClient

LAST_USED_PRECISION = timedelta(minutes=1)
HINT_LETTERS = len(keys.LIVE) + 4


class AlreadyDisconnected(Refusal):
    """This program or system was shut out before."""

    status = 409
    code = "already_disconnected"


class TokenOver(Refusal):
    """A key that opens nothing any more gets no other secret."""

    status = 409
    code = "token_over"


class Change(NamedTuple):
    """What the record says of a row that was changed."""

    before: dict
    after: dict


# --- keys that a person gives -------------------------------------------------------------------------
def issue(
    *, organization, name, scopes, days, by, at, networks=(), kind=ApiToken.Kind.LIVE
) -> tuple[ApiToken, str]:
    """Give a program a key; the secret is returned once and never again."""
    secret = ApiToken.new_secret(kind)
    with transaction.atomic():
        token = ApiToken.objects.create(
            code=new_code("TK"),
            user=by,
            organization=organization,
            name=name,
            kind=kind,
            hint=secret[:HINT_LETTERS],
            digest=ApiToken.digest_of(secret),
            scopes=sorted(scopes),
            networks=list(networks),
            created_at=at,
            expires_at=at + timedelta(days=days),
        )
        audit.record(
            token,
            "token.issued",
            by=by,
            name=name,
            kind=token.kind,
            scopes=token.scopes,
            days=days,
            networks=token.networks,
        )
        _tell(token, gettext_noop("您的账号创建了访问令牌“%(name)s”。若非本人操作，请立即吊销。"), at)
    return token, secret


def rotate(*, token_id, by, at) -> tuple[ApiToken, str]:
    """Give a key another secret for as long again; for a day the old one opens, too, so that no program stops."""
    with transaction.atomic():
        token = ApiToken.objects.locked(token_id)
        if token.revoked_at or token.expires_at <= at:
            raise TokenOver(_("令牌已吊销或已过期，请新建一个。"))
        before, secret = _facts(token), ApiToken.new_secret(token.kind)
        lifetime = token.expires_at - (token.rotated_at or token.created_at)
        token.old_digest, token.digest = token.digest, ApiToken.digest_of(secret)
        token.hint = secret[:HINT_LETTERS]
        token.rotated_at, token.old_until, token.expires_at = at, at + OVERLAP, at + lifetime
        token.save(update_fields=["hint", "digest", "old_digest", "old_until", "rotated_at", "expires_at"])
        audit.record(token, "token.rotated", by=by, name=token.name, before=before, after=_facts(token))
        _tell(token, gettext_noop("您的访问令牌“%(name)s”更换了密钥。若非本人操作，请立即吊销。"), at)
    return token, secret


def change_networks(*, token_id, networks, by, at) -> bool:
    """From where a key opens from now on; False when it was so before."""
    with transaction.atomic():
        token = ApiToken.objects.locked(token_id)
        if token.revoked_at or token.expires_at <= at:
            raise TokenOver(_("令牌已吊销或已过期，请新建一个。"))
        change = _limit(token, networks)
        if change:
            audit.record(
                token,
                "token.networks_changed",
                by=by,
                name=token.name,
                before=change.before,
                after=change.after,
            )
            _tell(token, gettext_noop("您的访问令牌“%(name)s”更改了允许来源。若非本人操作，请立即吊销。"), at)
    return change is not None


def revoke(*, token_id, by, at) -> ApiToken:
    """Take a key back. Saying it twice changes nothing."""
    with transaction.atomic():
        token = ApiToken.objects.locked(token_id)
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


def note_use(holder, at) -> None:
    """A key or an application was shown at our door; written down once a minute at most."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - LAST_USED_PRECISION)
    type(holder).objects.filter(stale, id=holder.id).update(last_used_at=at)


def _facts(token) -> dict:
    return {"hint": token.hint, "expires_at": token.expires_at.isoformat()}


def _limit(row, networks) -> Change | None:
    """A locked row opens from there from now on; None when it had been so before."""
    before, row.networks = row.networks, list(networks)
    if row.networks == before:
        return None
    row.save(update_fields=["networks"])
    return Change({"networks": before}, {"networks": row.networks})


def _tell(token, sentence, at):
    notices.notify(
        kind=Notice.Kind.SECURITY,
        sentence=sentence,
        values={"name": token.name},
        url="/tokens/",
        at=at,
        user=token.user,
    )


# --- programs that fetch their own --------------------------------------------------------------------
def connect(*, organization, name, scopes, by, at, networks=()) -> tuple[Application, str]:
    """Let a program fetch its own keys; its secret is returned once and never again."""
    with transaction.atomic():
        application, secret = enrol(
            Application,
            name=name,
            scopes=sorted(scopes),
            grants=[Client.GrantType.CLIENT_CREDENTIALS],
            code=new_code("AC"),
            organization=organization,
            networks=list(networks),
            created_by=by,
            created_at=at,
        )
        audit.record(
            application,
            "application.connected",
            by=by,
            name=name,
            scopes=sorted(scopes),
            networks=application.networks,
        )
    return application, secret


def rotate_secret(*, application_id, by, at) -> tuple[Application, str]:
    """Give a program another secret; the old one and the keys fetched with it stop working at once."""
    with transaction.atomic():
        application = Application.objects.select_related("organization").locked(application_id)
        change, secret = renew(application, at)
        audit.record(
            application,
            "application.rotated",
            by=by,
            name=application.name,
            before=change.before,
            after=change.after,
        )
    return application, secret


def change_application_networks(*, application_id, networks, by) -> bool:
    """From where a program's keys open from now on, those it holds included; False when it was so before."""
    with transaction.atomic():
        application = Application.objects.select_related("organization").locked(application_id)
        _expect_connected(application)
        change = _limit(application, networks)
        if change:
            audit.record(
                application,
                "application.networks_changed",
                by=by,
                name=application.name,
                before=change.before,
                after=change.after,
            )
    return change is not None


def disconnect(*, application_id, by, at) -> Application:
    """Shut a program out at once. Saying it twice changes nothing."""
    with transaction.atomic():
        application = Application.objects.select_related("organization").locked(application_id)
        if change := shut_out(application, at):
            audit.record(
                application,
                "application.disconnected",
                by=by,
                name=application.name,
                before=change.before,
                after=change.after,
            )
    return application


# --- whoever has an id and a secret: a part of the caller's deed, which records it ------------------------
def enrol(
    model, *, name, scopes, grants, default_scopes=None, responses=(), redirect_uris=(), **fields
) -> tuple:
    """Let somebody prove themselves at our token endpoint from now on."""
    secret = model.new_secret()
    client = Client(name=name)
    client.set_scopes(scopes)
    client.set_default_scopes(scopes if default_scopes is None else default_scopes)
    client.set_grant_types(grants)
    client.set_response_types(list(responses))
    client.set_redirect_uris(list(redirect_uris))
    client.set_secret(secret)
    client.save()
    return model.objects.create(name=name, client=client, **fields), secret


def renew(row: ConnectedClient, at) -> tuple[Change, str]:
    """Another secret for a locked row; the old one and what was fetched with it stop working at once."""
    _expect_connected(row)
    secret, before = row.new_secret(), row.rotated_at
    row.client.set_secret(secret)
    row.client.save()
    Token.objects.filter(client=row.client).delete()
    row.rotated_at = at
    row.save(update_fields=["rotated_at"])
    return _changed("rotated_at", before, at), secret


def shut_out(row: ConnectedClient, at) -> Change | None:
    """A locked row proves nothing any more; None when it had been so before."""
    if row.revoked_at is not None:
        return None
    row.client.set_grant_types([])
    row.client.set_redirect_uris([])
    row.client.save()
    Token.objects.filter(client=row.client).delete()
    row.revoked_at = at
    row.save(update_fields=["revoked_at"])
    return _changed("revoked_at", None, at)


def _expect_connected(row: ConnectedClient) -> None:
    if row.revoked_at is not None:
        raise AlreadyDisconnected(_("“%(name)s”已停用，请重新接入。") % {"name": row.name})


def _changed(name, before, at) -> Change:
    return Change({name: before and before.isoformat()}, {name: at.isoformat()})
