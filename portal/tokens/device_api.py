"""A program in a terminal asks for a key and fetches it, in the words of RFC 8628."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.shell import limits
from portal.shell.api import PROBLEM
from portal.shell.openapi import Problem
from portal.shell.parsers import Json
from portal.tokens import device_logins
from portal.tokens.limits import slow_down
from portal.tokens.models import DeviceLogin


class DeviceRequest(serializers.Serializer):
    client_id = serializers.CharField(max_length=40, help_text=_("程序的名称，显示给同意的人。"))
    machine = serializers.CharField(
        max_length=60, required=False, allow_blank=True, default="", help_text=_("设备的名称，例如主机名。")
    )
    scope = serializers.CharField(
        max_length=400,
        required=False,
        allow_blank=True,
        default="",
        help_text=_("希望得到的权限范围，以空格分隔；同意的人可以增减。"),
    )


class DeviceAnswer(serializers.Serializer):
    device_code = serializers.CharField()
    user_code = serializers.CharField()
    verification_uri = serializers.CharField()
    verification_uri_complete = serializers.CharField()
    expires_in = serializers.IntegerField()
    interval = serializers.IntegerField()


class DeviceKeyRequest(serializers.Serializer):
    device_code = serializers.CharField(max_length=128)
    grant_type = serializers.CharField(
        max_length=64, required=False, help_text=_("可以省略；RFC 8628 的 device_code 类型。")
    )
    client_id = serializers.CharField(max_length=40, required=False)


class DeviceKey(serializers.Serializer):
    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    scope = serializers.CharField()
    code = serializers.CharField()


class DeviceLogins(APIView):
    """Ask for a key: somebody is to open the address and type the code."""

    scopes = {"POST": None}
    parser_classes = [Json, FormParser]

    @extend_schema(request=DeviceRequest, responses={200: DeviceAnswer, (503, PROBLEM): Problem})
    def post(self, request):
        address = limits.address_of(request._request)
        slow_down(request._request, is_guarded=True, device=address)
        wish = DeviceRequest(data=request.data)
        wish.is_valid(raise_exception=True)
        login, device_code = device_logins.ask(
            program=wish.validated_data["client_id"],
            machine=wish.validated_data["machine"],
            scopes=wish.validated_data["scope"].split(),
            address=address,
            at=timezone.now(),
        )
        page = request.build_absolute_uri(reverse("tokens:device"))
        answer = {
            "device_code": device_code,
            "user_code": login.shown_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?code={login.shown_code}",
            "expires_in": int(DeviceLogin.LASTS.total_seconds()),
            "interval": login.interval,
        }
        return Response(DeviceAnswer(answer).data)


class DeviceKeys(APIView):
    """Fetch the key once somebody has consented; until then the problem's code says what to do."""

    scopes = {"POST": None}
    parser_classes = [Json, FormParser]

    @extend_schema(request=DeviceKeyRequest, responses={200: DeviceKey})
    def post(self, request):
        shown = DeviceKeyRequest(data=request.data)
        shown.is_valid(raise_exception=True)
        now = timezone.now()
        token, secret = device_logins.redeem(device_code=shown.validated_data["device_code"], at=now)
        answer = {
            "access_token": secret,
            "token_type": "Bearer",
            "expires_in": int((token.expires_at - now).total_seconds()),
            "scope": " ".join(token.scopes),
            "code": token.code,
        }
        return Response(DeviceKey(answer).data, headers={"Cache-Control": "no-store"})
