"""Webhooks for programs."""

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.accounts.scoping import acting_for, require_for_api
from portal.shell.api import expect_unchanged
from portal.shell.listings import Listed
from portal.shell.openapi import IF_MATCH
from portal.webhooks import actions as webhooks
from portal.webhooks.events import EVENTS
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint

MANAGE = "webhooks.manage"


class EndpointSerializer(serializers.ModelSerializer):
    url = serializers.CharField(max_length=400)
    disabled_reason = serializers.CharField(read_only=True)
    events = serializers.ListField(child=serializers.ChoiceField(choices=list(EVENTS)), allow_empty=False)

    class Meta:
        model = WebhookEndpoint
        fields = [
            "code",
            "url",
            "events",
            "created_at",
            "old_secret_until",
            "failing_since",
            "disabled_at",
            "disabled_reason",
        ]
        read_only_fields = [name for name in fields if name not in ("url", "events")]


class NewEndpoint(EndpointSerializer):
    """Once, with the secret that signs."""

    secret = serializers.CharField(read_only=True)

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret"]


class MessageSerializer(serializers.ModelSerializer):
    """What was put on its way; its code comes as `webhook-id`."""

    class Meta:
        model = WebhookDelivery
        fields = ["code", "type", "created_at"]


class EndpointList(Listed):
    """The addresses that hear of events; a new one's secret is in the answer to POST alone."""

    serializer_class = EndpointSerializer
    scopes = {"GET": "webhooks:read", "POST": "webhooks:write"}
    queryset = WebhookEndpoint.objects.none()

    def get_queryset(self):
        require_for_api(self.request, MANAGE)
        return WebhookEndpoint.objects.visible_to(self.request.user).standing()

    @extend_schema(request=EndpointSerializer, responses={201: NewEndpoint})
    def post(self, request):
        require_for_api(request, MANAGE)
        body = EndpointSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        endpoint, secret = webhooks.create(
            organization=acting_for(request, MANAGE),
            **body.validated_data,
            by=request.user,
            at=timezone.now(),
        )
        return Response(EndpointSerializer(endpoint).data | {"secret": secret}, status=201)


class _OneEndpoint(APIView):
    def endpoint(self, request, code) -> WebhookEndpoint:
        require_for_api(request, MANAGE)
        rows = WebhookEndpoint.objects.visible_to(request.user).standing()
        return get_object_or_404(rows, code=code)

    def done(self, request, code, deed, **more):
        """What a deed on this address comes to, unless it is no longer what its caller had read."""
        endpoint = self.endpoint(request, code)
        with transaction.atomic():
            expect_unchanged(
                request, lambda: EndpointSerializer(WebhookEndpoint.objects.locked(endpoint.id)).data
            )
            return deed(endpoint_id=endpoint.id, **more, by=request.user, at=timezone.now())


class EndpointDetail(_OneEndpoint):
    """One address that hears of events."""

    scopes = {"GET": "webhooks:read"}

    @extend_schema(responses=EndpointSerializer)
    def get(self, request, code):
        return Response(EndpointSerializer(self.endpoint(request, code)).data)


class EndpointRevision(_OneEndpoint):
    """Another address, or other events, with the same secret. Saying what stands already changes nothing."""

    scopes = {"POST": "webhooks:write"}

    @extend_schema(parameters=[IF_MATCH], request=EndpointSerializer, responses=EndpointSerializer)
    def post(self, request, code):
        body = EndpointSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        revised = self.done(request, code, webhooks.revise, **body.validated_data)
        return Response(EndpointSerializer(revised).data)


class EndpointRotation(_OneEndpoint):
    """Another secret, in this answer alone; for a day both sign."""

    scopes = {"POST": "webhooks:write"}

    @extend_schema(parameters=[IF_MATCH], request=None, responses=NewEndpoint)
    def post(self, request, code):
        endpoint, secret = self.done(request, code, webhooks.rotate)
        return Response(EndpointSerializer(endpoint).data | {"secret": secret})


class EndpointTest(_OneEndpoint):
    """Send something harmless there."""

    scopes = {"POST": "webhooks:write"}

    @extend_schema(parameters=[IF_MATCH], request=None, responses={201: MessageSerializer})
    def post(self, request, code):
        return Response(MessageSerializer(self.done(request, code, webhooks.test)).data, status=201)


class EndpointPause(_OneEndpoint):
    """Send nothing there any more. Saying it twice changes nothing."""

    scopes = {"POST": "webhooks:write"}

    @extend_schema(parameters=[IF_MATCH], request=None, responses=EndpointSerializer)
    def post(self, request, code):
        paused = self.done(request, code, webhooks.switch_off, reason=WebhookEndpoint.Reason.OWNER)
        return Response(EndpointSerializer(paused).data)


class EndpointResumption(_OneEndpoint):
    """Send there again. Saying it twice changes nothing."""

    scopes = {"POST": "webhooks:write"}

    @extend_schema(parameters=[IF_MATCH], request=None, responses=EndpointSerializer)
    def post(self, request, code):
        return Response(EndpointSerializer(self.done(request, code, webhooks.switch_on)).data)


class EndpointRemoval(_OneEndpoint):
    """Stop telling an address, and forget it."""

    scopes = {"POST": "webhooks:write"}

    @extend_schema(parameters=[IF_MATCH], request=None, responses={200: EndpointSerializer})
    def post(self, request, code):
        return Response(EndpointSerializer(self.done(request, code, webhooks.remove)).data)
