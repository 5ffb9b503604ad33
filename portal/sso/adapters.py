"""What we tell other systems of a person, and whom we believe the city's unified identity to be."""

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.accounts.permissions import memberships


class Provider(DefaultOIDCAdapter):
    """We tell who somebody is: the name they sign in with stands for them, never the number of a row."""

    scope_display = {
        "openid": _("您的账号名"),
        "profile": _("您的姓名、所属单位与角色"),
        "email": _("您的电子邮箱"),
    }

    def get_issuer(self) -> str:
        return settings.PUBLIC_URL.rstrip("/")

    def get_user_sub(self, client, user) -> str:
        return user.username

    def get_user_by_sub(self, client, sub):
        return User.objects.filter(username=sub, is_active=True).first()

    def get_claims(self, purpose, user, client, scopes, email=None, **more):
        claims = super().get_claims(purpose, user, client, scopes, email, **more)
        if "profile" in scopes:
            claims["organizations"] = [
                {"code": m.organization.code, "name": m.organization.name, "role": m.role}
                for m in memberships(user)
            ]
        return claims


class UnifiedIdentity(DefaultSocialAccountAdapter):
    """The city's unified identity lets people in whom it knows by a proved mailbox. It gives nobody a role."""

    def is_open_for_signup(self, request, sociallogin):
        return any(address.verified for address in sociallogin.email_addresses)

    def populate_user(self, request, sociallogin, data):
        user = super().populate_user(request, sociallogin, data)
        user.name = (data.get("name") or "")[:60]
        return user
