"""Letting another system sign people in with our accounts, renewing its secret, shutting it out."""

from allauth.idp.oidc.models import Client, Token
from django.db import transaction
from django.db.models import Q

from portal.audit import actions as audit
from portal.shell import tenancy
from portal.shell.codes import new_code
from portal.sso.models import CityConsent, CitySystem
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


def consent(*, client_id, scopes, by, at) -> CityConsent:
    """Let a system know who one is for a while; saying it again begins the while anew."""
    with transaction.atomic():
        with tenancy.citywide():
            system = CitySystem.objects.get(client_id=client_id)
        given, _is_new = CityConsent.objects.update_or_create(
            system=system,
            user=by,
            withdrawn_at=None,
            defaults={"scopes": sorted(scopes), "given_at": at, "until": at + CityConsent.LASTS},
            create_defaults={
                "code": new_code("CC"),
                "scopes": sorted(scopes),
                "given_at": at,
                "until": at + CityConsent.LASTS,
            },
        )
        audit.record(
            system, "city_system.consented", by=by, scopes=given.scopes, until=given.until.isoformat()
        )
    return given


def withdraw(*, consent_id, by, at) -> CityConsent:
    """From now on the system learns nothing more of this person. Saying it twice changes nothing."""
    with transaction.atomic():
        given = (
            CityConsent.objects.select_for_update(of=("self",), no_key=True)
            .select_related("user", "system")
            .get(id=consent_id)
        )
        if given.withdrawn_at is not None:
            return given
        given.withdrawn_at = at
        given.save(update_fields=["withdrawn_at"])
        Token.objects.filter(client_id=given.system.client_id, user=given.user).delete()
        audit.record(
            given.system,
            "city_system.consent_withdrawn",
            by=by,
            before={"scopes": given.scopes},
            after={"scopes": []},
        )
    return given


@tenancy.citywide()
def end_with_consent(*, token: Token) -> None:
    """What was given on a person's consent ends with it, however often it is renewed."""
    given = CityConsent.objects.filter(
        system__client_id=token.client_id, user_id=token.user_id, withdrawn_at=None
    ).first()
    if given:
        later = Q(expires_at=None) | Q(expires_at__gt=given.until)
        Token.objects.filter(later, client_id=token.client_id, user_id=token.user_id).update(
            expires_at=given.until
        )


@tenancy.citywide()
def end_replayed(*, client_id, user_id) -> None:
    """Somebody showed a code a second time, so it was not only its asker's: what the first one gave ends."""
    with transaction.atomic():
        system = CitySystem.objects.filter(client_id=client_id).first()
        ended, _by_model = Token.objects.filter(client_id=client_id, user_id=user_id).delete()
        if system and ended:
            audit.record(system, "city_system.code_replayed", by=None, ended=ended)
