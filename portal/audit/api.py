"""The record for programs."""

from django.forms import DateField
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import exceptions, serializers

from portal.accounts.permissions import ALL, organization_ids
from portal.accounts.scoping import require_for_api
from portal.audit import actions as audit
from portal.audit.forms import Question
from portal.audit.models import Event
from portal.shell.listings import Listed


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


@extend_schema_view(
    get=extend_schema(
        parameters=[
            OpenApiParameter(name, field_type, description=field.label or name)
            for name, field in Question.base_fields.items()
            for field_type in [OpenApiTypes.DATE if isinstance(field, DateField) else OpenApiTypes.STR]
        ]
    )
)
class EventList(Listed):
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

    def filter_queryset(self, queryset):
        question = Question(self.request.query_params)
        if not question.is_valid():
            raise exceptions.ValidationError({name: list(why) for name, why in question.errors.items()})
        return queryset.asked(**question.cleaned_data)

    def get_queryset(self):
        require_for_api(self.request, "audit.view")
        return Event.objects.visible_to(self.request.user).select_related("actor", "organization", "seal")
