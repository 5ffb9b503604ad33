"""Letting another system sign people in with our accounts, renewing its secret, shutting it out."""

from allauth.idp.oidc.models import Client, Token
from django.db import transaction
from django.utils.translation import gettext as _

from portal.audit import actions as audit
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.sso.models import CitySystem

SCOPES = ("openid", "profile", "email")


class AlreadyDisconnected(Refusal):
    """This system has been shut out."""

    status = 409
    code = "already_disconnected"


def connect(*, name, redirect_uris: list[str], by, at) -> tuple[CitySystem, str]:
    """Let a system send its people to our door; its secret is returned once and never again."""
    secret = CitySystem.new_secret()
    with transaction.atomic():
        client = Client(name=name)
        client.set_scopes(list(SCOPES))
        client.set_default_scopes(["openid"])
        client.set_grant_types([Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN])
        client.set_response_types([Client.ResponseType.CODE])
        client.set_redirect_uris(redirect_uris)
        client.set_secret(secret)
        client.save()
        system = CitySystem.objects.create(
            code=new_code("CS"), name=name, client=client, connected_by=by, connected_at=at
        )
        audit.record(system, "city_system.connected", by=by, name=name, redirect_uris=redirect_uris)
    return system, secret


def rotate_secret(*, system_id, by, at) -> tuple[CitySystem, str]:
    """Give a system another secret; the old one and what was fetched with it stop working at once."""
    secret = CitySystem.new_secret()
    with transaction.atomic():
        system = _lock(system_id)
        if system.revoked_at is not None:
            raise AlreadyDisconnected(_("该系统已停用，请重新接入。"))
        before = system.rotated_at
        system.client.set_secret(secret)
        system.client.save()
        Token.objects.filter(client=system.client).delete()
        system.rotated_at = at
        system.save(update_fields=["rotated_at"])
        audit.record(
            system,
            "city_system.rotated",
            by=by,
            before={"rotated_at": before and before.isoformat()},
            after={"rotated_at": at.isoformat()},
        )
    return system, secret


def disconnect(*, system_id, by, at) -> CitySystem:
    """Shut a system out at once. Saying it twice changes nothing."""
    with transaction.atomic():
        system = _lock(system_id)
        if system.revoked_at is None:
            system.client.set_grant_types([])
            system.client.set_redirect_uris([])
            system.client.save()
            Token.objects.filter(client=system.client).delete()
            system.revoked_at = at
            system.save(update_fields=["revoked_at"])
            audit.record(
                system,
                "city_system.disconnected",
                by=by,
                before={"revoked_at": None},
                after={"revoked_at": at.isoformat()},
            )
    return system


def note_consent(*, system, scopes, by) -> None:
    """Somebody let a system know who they are."""
    audit.record(system, "city_system.consented", by=by, scopes=sorted(scopes))


def _lock(system_id) -> CitySystem:
    return (
        CitySystem.objects.select_for_update(of=("self",), no_key=True)
        .select_related("client")
        .get(id=system_id)
    )
