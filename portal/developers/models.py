"""What programs asked of us."""

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ACTIONS, memberships
from portal.organizations.models import Organization
from portal.shell import tenancy


class CallQuerySet(models.QuerySet):
    def visible_to(self, user):
        """My own keys' requests, and all of the organisations whose programs I look after."""
        roles = ACTIONS["applications.manage"]
        administered = [m.organization_id for m in memberships(user) if m.role in roles]
        return self.filter(Q(user=user) | Q(organization_id__in=administered))

    def with_outcome(self):
        return self.annotate(
            outcome=Case(
                When(status__gte=500, then=Value("failed")),
                When(status__gte=400, then=Value("rejected")),
                default=Value("succeeded"),
            )
        )


class ApiCall(models.Model):
    """One request with a key: what was asked, what was answered, how long it took. Kept for thirty days."""

    tenant = tenancy.belongs_to("organization", "user")

    at = models.DateTimeField(_("时间"))
    # Written down later and many at once: a row that has gone meanwhile must not keep out the others.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    key = models.CharField(_("令牌编号"), max_length=32)
    key_name = models.CharField(_("令牌"), max_length=60)
    method = models.CharField(_("方法"), max_length=8)
    route = models.CharField(_("地址"), max_length=120)
    status = models.PositiveSmallIntegerField(_("状态码"))
    milliseconds = models.PositiveIntegerField(_("毫秒"))
    request_id = models.CharField(_("请求编号"), max_length=64)
    is_replayed = models.BooleanField(_("重复请求"), default=False)
    address = models.GenericIPAddressField(_("来源地址"), null=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"]),
            models.Index(fields=["organization", "-id"]),
            models.Index(fields=["at"]),
        ]

    def __str__(self):
        return f"{self.method} /{self.route}"

    @property
    def replay(self) -> str:
        return gettext("重复，未再执行") if self.is_replayed else ""
