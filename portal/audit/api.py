"""The record for programs."""

from rest_framework import generics, serializers

from portal.accounts.permissions import ALL, organization_ids
from portal.accounts.scoping import require_for_api
from portal.audit import actions as audit
from portal.audit.models import Event


class EventSerializer(serializers.ModelSerializer):
    actor = serializers.CharField(source="actor.username", default=None, allow_null=True)
    organization = serializers.CharField(source="organization.code", default=None, allow_null=True)
    digest = serializers.CharField(source="seal.digest", default=None, allow_null=True)

    class Meta:
        model = Event
        fields = [
            "happened_at",
            "name",
            "subject_type",
            "subject_code",
            "organization",
            "actor",
            "request_id",
            "details",
            "digest",
        ]


class EventList(generics.ListAPIView):
    """Who did what, when, with its place in the hash chain."""

    serializer_class = EventSerializer
    scopes = {"GET": "audit:read"}
    queryset = Event.objects.none()

    def list(self, request, *args, **options):
        answer = super().list(request, *args, **options)
        is_first = "cursor" not in request.query_params
        if is_first and organization_ids(request.user, "audit.view") is ALL:
            audit.record(request.user, "audit.searched", by=request.user, conditions={"by": "api"})
        return answer

    def get_queryset(self):
        require_for_api(self.request, "audit.view")
        return Event.objects.visible_to(self.request.user).select_related("actor", "organization", "seal")
