"""The marks of its budget that a project has passed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, organization_ids
from portal.shell import tenancy
from portal.shell.models import AppendOnly


class BudgetMarkQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "projects.view")
        return self if ids is ALL else self.filter(project__organization_id__in=ids)


class BudgetMark(AppendOnly):
    """A project came to a mark of its month's budget, and what it brought about was done: once for each amount."""

    tenant = tenancy.belongs_to("project__organization")

    class Kind(models.TextChoices):
        REMIND = "remind", _("提醒")
        STOP_NEW = "stop_new", _("停止新订单")
        STOP_ALL = "stop_all", _("全部停止")

    code = models.CharField(max_length=32, unique=True)
    project = models.ForeignKey("portal.Project", on_delete=models.PROTECT, related_name="budget_marks")
    month = models.DateField(_("月份"))
    kind = models.CharField(_("动作"), max_length=8, choices=Kind)
    percent = models.PositiveSmallIntegerField(_("阈值"))
    budget = models.BigIntegerField(_("月度预算（分）"))
    spent = models.BigIntegerField(_("已用（分）"))
    passed_at = models.DateTimeField(_("时间"))

    objects = BudgetMarkQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "month", "kind", "budget"], name="one_mark_per_month_and_budget"
            ),
            models.CheckConstraint(condition=Q(budget__gt=0), name="a_mark_is_of_a_budget"),
        ]
