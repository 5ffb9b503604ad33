"""Webhooks for programs."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.accounts.scoping import acting_for, require_for_api
from portal.shell.listings import Listed
from portal.webhooks import actions as webhooks
from portal.webhooks.events import EVENTS
from portal.webhooks.models import WebhookEndpoint

MANAGE = "webhooks.manage"


class EndpointSerializer(serializers.ModelSerializer):
    url = serializers.CharField(max_length=400)
    disabled_reason = serializers.CharField(read_only=True)
    events = serializers.ListField(child=serializers.ChoiceField(choices=list(EVENTS)), allow_empty=False)

    class Meta:
        model = WebhookEndpoint
        fields = ["code", "url", "events", "created_at", "disabled_at", "disabled_reason"]
        read_only_fields = ["code", "created_at", "disabled_at", "disabled_reason"]


class NewEndpoint(EndpointSerializer):
    """Once, with the secret that signs."""

    secret = serializers.CharField(read_only=True)

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret"]


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


class EndpointRemoval(APIView):
    """Stop telling an address, and forget it."""

    scopes = {"POST": "webhooks:write"}

    @extend_schema(request=None, responses={200: EndpointSerializer})
    def post(self, request, code):
        require_for_api(request, MANAGE)
        rows = WebhookEndpoint.objects.visible_to(request.user).standing()
        endpoint = get_object_or_404(rows, code=code)
        webhooks.remove(endpoint_id=endpoint.id, by=request.user, at=timezone.now())
        return Response(EndpointSerializer(endpoint).data)
