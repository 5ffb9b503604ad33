"""Projects for programs."""

from rest_framework import serializers

from portal.accounts.scoping import require_for_api
from portal.organizations.models import Project
from portal.shell.listings import Listed
from portal.shell.serializers import Yuan


class ProjectSerializer(serializers.ModelSerializer):
    organization = serializers.CharField(source="organization.code")
    approval_threshold = Yuan()
    monthly_budget = Yuan()

    class Meta:
        model = Project
        fields = ["code", "organization", "name", "approval_threshold", "monthly_budget", "is_open"]


class ProjectList(Listed):
    """The projects that orders are charged to."""

    serializer_class = ProjectSerializer
    scopes = {"GET": "orders:read"}
    queryset = Project.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "projects.view")
        return Project.objects.visible_to(self.request.user).select_related("organization")
