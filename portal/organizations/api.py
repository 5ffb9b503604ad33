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


def whole_projects(request, codes):
    """These projects as their list answers them."""
    require_for_api(request, "projects.view")
    rows = Project.objects.visible_to(request.user).filter(code__in=codes).select_related("organization")
    return ProjectSerializer(rows, many=True).data


class ProjectList(Listed):
    """The projects that orders are charged to."""

    serializer_class = ProjectSerializer
    scopes = {"GET": "orders:read"}
    queryset = Project.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "projects.view")
        return Project.objects.visible_to(self.request.user).select_related("organization")
