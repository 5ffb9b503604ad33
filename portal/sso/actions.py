"""Letting another system sign people in with our accounts, renewing its secret, shutting it out."""

from allauth.idp.oidc.models import Client
from django.db import transaction

from portal.audit import actions as audit
from portal.shell.codes import new_code
from portal.sso.models import CitySystem
from portal.tokens import actions as clients

SCOPES = ("openid", "profile", "email")


def connect(*, name, redirect_uris: list[str], by, at) -> tuple[CitySystem, str]:
    """Let a system send its people to our door; its secret is returned once and never again."""
    with transaction.atomic():
        system, secret = clients.enrol(
            CitySystem,
            name=name,
            scopes=list(SCOPES),
            default_scopes=["openid"],
            grants=[Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN],
            responses=[Client.ResponseType.CODE],
            redirect_uris=redirect_uris,
            code=new_code("CS"),
            created_by=by,
            created_at=at,
        )
        audit.record(system, "city_system.connected", by=by, name=name, redirect_uris=redirect_uris)
    return system, secret


def rotate_secret(*, system_id, by, at) -> tuple[CitySystem, str]:
    """Give a system another secret; the old one and what was fetched with it stop working at once."""
    with transaction.atomic():
        system = CitySystem.objects.locked(system_id)
        change, secret = clients.renew(system, at)
        audit.record(system, "city_system.rotated", by=by, before=change.before, after=change.after)
    return system, secret


def disconnect(*, system_id, by, at) -> CitySystem:
    """Shut a system out at once. Saying it twice changes nothing."""
    with transaction.atomic():
        system = CitySystem.objects.locked(system_id)
        if change := clients.shut_out(system, at):
            audit.record(system, "city_system.disconnected", by=by, before=change.before, after=change.after)
    return system


def note_consent(*, system, scopes, by) -> None:
    """Somebody let a system know who they are."""
    audit.record(system, "city_system.consented", by=by, scopes=sorted(scopes))
