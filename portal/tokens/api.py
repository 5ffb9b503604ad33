"""Keys for programs."""

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from drf_spectacular.authentication import BasicScheme
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.authentication import BasicAuthentication
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.accounts import actions as accounts
from portal.accounts.permissions import memberships, needs_second_factor, reach_of
from portal.accounts.queries import has_second_factor
from portal.shell import limits, networks, tenancy
from portal.shell.api import PROBLEM
from portal.shell.openapi import Problem
from portal.tokens import actions as tokens
from portal.tokens.limits import slow_down
from portal.tokens.models import ApiToken
from portal.tokens.scopes import SCOPES


class TokenRequest(serializers.Serializer):
    name = serializers.CharField(max_length=60)
    organization = serializers.CharField(required=False)
    kind = serializers.ChoiceField(
        choices=ApiToken.Kind.choices,
        default=ApiToken.Kind.LIVE,
        help_text=_lazy("正式（live）或试用（test）：试用令牌的写操作都按 dry_run=true 处理。"),
    )
    scopes = serializers.MultipleChoiceField(choices=list(SCOPES))
    networks = serializers.ListField(
        child=serializers.CharField(max_length=60),
        default=list,
        help_text=_lazy("允许来源：地址或网段（IPv4、IPv6），不填则不限。"),
    )
    days = serializers.IntegerField(min_value=1, max_value=365, default=90)
    code = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=12,
        help_text=_lazy("启用了第二因素的账号必填：验证器应用的验证码或一个恢复码。"),
    )

    def validate_networks(self, lines):
        try:
            return networks.tidy(lines)
        except ValidationError as odd:
            raise serializers.ValidationError(odd.messages) from odd


class IssuedToken(serializers.Serializer):
    code = serializers.CharField()
    secret = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()


class Password(BasicAuthentication):
    """HTTP Basic with a name that a row can hold."""

    def authenticate(self, request):
        if request.headers.get("Authorization", "").lower().startswith("basic "):
            here = request._request
            # Where tries are not counted, none is taken.
            slow_down(here, is_guarded=True, password=limits.address_of(here))
        return super().authenticate(request)

    def authenticate_credentials(self, userid, password, request=None):
        if "\0" in userid:
            raise exceptions.AuthenticationFailed
        user, auth = super().authenticate_credentials(userid, password, request)
        tenancy.enter(reach_of(user))
        return user, auth


class PasswordScheme(BasicScheme):
    target_class = Password


class Tokens(APIView):
    """Get a key with user name and password (HTTP Basic). The secret is shown once."""

    authentication_classes = [Password]
    permission_classes: list = []

    @extend_schema(request=TokenRequest, responses={201: IssuedToken, (503, PROBLEM): Problem})
    def post(self, request):
        if not request.user.is_authenticated:
            raise exceptions.NotAuthenticated
        data = TokenRequest(data=request.data)
        data.is_valid(raise_exception=True)
        self._ask_second_factor(request, data.validated_data.get("code", ""))
        wanted = data.validated_data.get("organization")
        mine = [m.organization for m in memberships(request.user)]
        organization = next((o for o in mine if wanted in (None, o.code)), None)
        if organization is None:
            raise exceptions.ValidationError({"organization": _("您不是该单位的成员。")})
        token, secret = tokens.issue(
            organization=organization,
            name=data.validated_data["name"],
            kind=data.validated_data["kind"],
            scopes=data.validated_data["scopes"],
            days=data.validated_data["days"],
            networks=data.validated_data["networks"],
            by=request.user,
            at=timezone.now(),
        )
        body = {"code": token.code, "secret": secret, "scopes": token.scopes, "expires_at": token.expires_at}
        return Response(IssuedToken(body).data, status=201)

    def _ask_second_factor(self, request, code):
        """A key is worth as much as the way to it: whoever has a second factor shows it here, too."""
        user = request.user
        if not has_second_factor(user):
            if needs_second_factor(user):
                raise exceptions.PermissionDenied(_("您的岗位须先在“账号与安全”页启用第二因素。"))
            return
        if not accounts.check_code(user=user, code=code, request=request._request):
            raise exceptions.ValidationError(
                {"code": _("请提供验证器应用当前的验证码，或一个未用过的恢复码。")}
            )
