"""Budgets for programs."""

from django.utils import timezone
from rest_framework import serializers

from marketplace.budgets import queries, tables
from portal.accounts.scoping import require_for_api
from portal.organizations.models import Project
from portal.shell.expansions import Code
from portal.shell.listings import Listed
from portal.shell.serializers import Currency, Yuan


class BudgetSerializer(serializers.ModelSerializer):
    project = Code(of="projects", source="code")
    organization = serializers.CharField(source="organization.code")
    currency = Currency()
    monthly_budget = Yuan()
    spent = Yuan()

    class Meta:
        model = Project
        fields = [
            "project",
            "organization",
            "name",
            "currency",
            "monthly_budget",
            "spent",
            "remind_percent",
            "stop_new_percent",
            "stop_all_percent",
        ]


class BudgetList(Listed):
    """What each project may spend this month, what it has spent, and what happens on the way."""

    screen = tables.screen
    serializer_class = BudgetSerializer
    scopes = {"GET": "orders:read"}
    queryset = Project.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "projects.view")
        return Project.objects.visible_to(self.request.user).select_related("organization")

    def paginate_queryset(self, queryset):
        return queries.with_spent(super().paginate_queryset(queryset) or [], timezone.now())
