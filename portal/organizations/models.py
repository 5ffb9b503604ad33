"""Who takes part in the city's compute: firms, providers, government, the platform itself."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.accounts import permissions
from portal.accounts.permissions import ALL
from portal.shell import tenancy
from portal.shell.codes import new_code
from portal.shell.districts import District


class Organization(models.Model):
    """A legal person on the platform."""

    tenant = tenancy.Public("who takes part is in the public business register")

    class Kind(models.TextChoices):
        ENTERPRISE = "enterprise", _("企业")
        PROVIDER = "provider", _("算力服务商")
        GOVERNMENT = "government", _("政府部门")
        PLATFORM = "platform", _("平台运营方")

    # Their people are the city's staff.
    STAFFED = (Kind.GOVERNMENT, Kind.PLATFORM)

    class SecondFactor(models.TextChoices):
        NOBODY = "nobody", _("由成员自行决定")
        STEWARDS = "stewards", _("管理员与财务")
        EVERYBODY = "everybody", _("全体成员")

    code = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(_("名称"), max_length=120, unique=True)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    district = models.CharField(_("所在区"), max_length=16, choices=District, blank=True)
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    verified_at = models.DateTimeField(_("认证时间"), null=True)
    second_factor = models.CharField(
        _("须用第二因素登录"), max_length=9, choices=SecondFactor, default=SecondFactor.STEWARDS
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credit_code"], condition=~Q(credit_code=""), name="one_organization_per_credit_code"
            )
        ]

    def __str__(self):
        is_english = (get_language() or "").startswith("en")
        return self.name_en if is_english and self.name_en else self.name

    def asks_second_factor_of(self, role: str) -> bool:
        """Must whoever has this role here prove themselves twice?"""
        if self.second_factor == self.SecondFactor.STEWARDS:
            return role in permissions.STEWARDS
        return self.second_factor == self.SecondFactor.EVERYBODY


def membership_code() -> str:
    return new_code("MB")


class MembershipQuerySet(models.QuerySet):
    def in_force(self, at):
        return self.filter(Q(until=None) | Q(until__gt=at))


class Membership(models.Model):
    """A person's role in an organisation, for good or, when somebody stands in, until a time."""

    tenant = tenancy.belongs_to("organization", "user")

    code = models.CharField(max_length=32, unique=True, default=membership_code)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("角色"), max_length=24, choices=permissions.ROLES)
    until = models.DateTimeField(_("有效期至"), null=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(_("授权原因"), max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organization", "role"], name="one_membership_per_person_and_role"
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(role__in=sorted(permissions.ADMINISTRATORS)),
                name="no_account_combines_administrators",
            ),
            models.CheckConstraint(
                condition=Q(granted_by=None) | ~Q(granted_by=F("user")), name="nobody_grants_themselves"
            ),
        ]


class ProjectQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = permissions.organization_ids(user, "projects.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def of(self, user):
        """The projects of a person's own firms; a citywide role has none of its own."""
        ids = permissions.organization_ids(user, "projects.view")
        return self.none() if ids is ALL or not ids else self.filter(organization_id__in=ids)

    def open(self):
        return self.filter(is_open=True)


class Project(models.Model):
    """A purse inside an organisation: what it is for, how much a month, and from which amount a second person must agree."""

    tenant = tenancy.belongs_to("organization")

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(_("项目名称"), max_length=80)
    approval_threshold = models.BigIntegerField(_("审批起点（分）"), default=0)
    monthly_budget = models.BigIntegerField(_("月度预算（分）"))
    remind_percent = models.PositiveSmallIntegerField(_("提醒"), null=True, default=80)
    stop_new_percent = models.PositiveSmallIntegerField(_("停止新订单"), null=True, default=100)
    stop_all_percent = models.PositiveSmallIntegerField(_("全部停止"), null=True)
    is_open = models.BooleanField(_("使用中"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="one_project_per_name"),
            models.CheckConstraint(
                condition=Q(approval_threshold__gte=0, monthly_budget__gte=0),
                name="project_money_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(
                    remind_percent__range=(1, 999),
                    stop_new_percent__range=(1, 999),
                    stop_all_percent__range=(1, 999),
                ),
                name="budget_percents_are_shares",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def order_limit(self) -> int | None:
        """Up to how many fen a month new orders are taken; None is no limit."""
        percents = [p for p in (self.stop_new_percent, self.stop_all_percent) if p is not None]
        return self.monthly_budget * min(percents) // 100 if self.monthly_budget and percents else None
