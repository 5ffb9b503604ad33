"""How a program proves who it is and what it may touch."""

from dataclasses import dataclass

from allauth.idp.oidc.models import Token
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions, permissions

from portal.accounts.models import User
from portal.accounts.permissions import confine, may_come_from, needs_second_factor, reach_of
from portal.accounts.queries import has_second_factor
from portal.organizations.models import Organization
from portal.shell import keys, limits, networks, tenancy
from portal.shell.scopes import has_scope, lacking
from portal.tokens import actions as tokens
from portal.tokens.limits import slow_down
from portal.tokens.models import ApiToken, Application


class WrongPlace(exceptions.PermissionDenied):
    """A key was shown from a place that its list does not name."""

    default_code = "address_not_allowed"


class RoleEnded(exceptions.PermissionDenied):
    """A key was shown whose person holds no role any more in the organisation that it acts for."""

    default_code = "role_ended"


@dataclass(frozen=True)
class Access:
    """What a connected program may do now: the key it fetched, in terms of a key that a person gave."""

    code: str
    user: User
    organization: Organization
    scopes: list[str]


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer …`: a key that a person gave (pc_live_…, pc_test_…), or one that a connected program fetched."""

    def authenticate(self, request):
        secret = keys.shown_in(request)
        if secret is None:
            return None
        now = timezone.now()
        try:
            with tenancy.citywide():
                find = self._find if secret.startswith((keys.LIVE, keys.TEST)) else self._fetched
                holder, token = find(secret, now)
        except exceptions.AuthenticationFailed:
            # Whoever tries keys is slowed down by where they come from.
            slow_down(request._request, address=limits.address_of(request._request))
            raise
        request._request.shown_key = holder
        _confine(token)
        address = limits.address_of(request._request)
        if not networks.allows(holder.networks, address) or not may_come_from(token.user, address):
            raise WrongPlace(
                _("此令牌不能从 %(address)s 使用，请从允许来源调用，或修改允许来源。")
                % {"address": address or "?"}
            )
        tenancy.enter(reach_of(token.user))
        tokens.note_use(holder, now)
        request._request.organization = token.organization
        return token.user, token

    def _find(self, secret, now) -> tuple[ApiToken, ApiToken]:
        if not any(keys.is_whole(secret, prefix) for prefix in (keys.LIVE, keys.TEST)):
            raise exceptions.AuthenticationFailed(_("访问令牌不完整或抄写有误，请核对后重试。"))
        token = ApiToken.objects.opened_by(secret, now).select_related("user", "organization").first()
        if token is None:
            raise exceptions.AuthenticationFailed(
                _("访问令牌无效、已吊销或已过期，请在“访问令牌”页重新创建。")
            )
        if needs_second_factor(token.user) and not has_second_factor(token.user):
            raise exceptions.AuthenticationFailed(_("令牌所有者须先在“账号与安全”页启用第二因素。"))
        return token, token

    def _fetched(self, value, _now) -> tuple[Application, Access]:
        token = Token.objects.lookup(Token.Type.ACCESS_TOKEN, value)
        application = token and (
            Application.objects.usable()
            .select_related("created_by", "organization")
            .filter(client_id=token.client_id)
            .first()
        )
        if application is None:
            raise exceptions.AuthenticationFailed(
                _("访问令牌无效、已吊销或已过期，请在“访问令牌”页重新创建。")
            )
        access = Access(
            code=application.code,
            user=application.created_by,
            organization=application.organization,
            scopes=token.get_scopes(),
        )
        return application, access

    def authenticate_header(self, request):
        return keys.BEARER.strip()


def _confine(key: ApiToken | Access) -> None:
    """A key acts for one organisation: what its person may do elsewhere is no right of the program that holds it."""
    if not confine(key.user, key.organization):
        raise RoleEnded(
            _("此令牌代表的人员在%(organization)s已没有角色，请由在任人员重新创建令牌或接入应用。")
            % {"organization": key.organization}
        )


class HasScope(permissions.BasePermission):
    """A view names `scopes = {"GET": …, "POST": …}`; a key needs it, a signed-in person does not. None is public.

    A method that a view answers and names no scope for is shut.
    """

    def has_permission(self, request, view):
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method
        scopes = getattr(view, "scopes", {})
        if method not in scopes:
            return not hasattr(view, method.lower())
        needed = scopes[method]
        if needed is None:
            return True
        if not request.user.is_authenticated:
            return False
        if not has_scope(request.auth, needed):
            self.message = lacking(needed)
            return False
        return True


class TokenScheme(OpenApiAuthenticationExtension):
    """How the API's document describes a key."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer", "bearerFormat": "pc_live_… / pc_test_…"}
