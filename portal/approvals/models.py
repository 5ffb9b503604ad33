"""A second person's word."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ACTIONS, STAFF, citywide_actions, memberships
from portal.shell import tenancy

# Who decides a firm's own matters; any other action belongs to an office of the city.
FIRMS = "approvals.decide"


def _firms(user, action):
    """The organisations whose own matters this person may look at or decide: an office of the city has no say there."""
    roles = ACTIONS[action] - STAFF
    return {m.organization_id for m in memberships(user) if m.role in roles}


def _offices(user):
    """The actions of this person's office, under which a second person's word may be asked."""
    return [action for action in citywide_actions(user) if action != FIRMS]


class ApprovalQuerySet(models.QuerySet):
    def visible_to(self, user):
        """My firms' matters, and those of my office."""
        return self._within(user, "approvals.view")

    def _within(self, user, action):
        mine = Q(decided_under=FIRMS, organization_id__in=_firms(user, action))
        return self.filter(mine | Q(decided_under__in=_offices(user)))

    def pending(self):
        return self.filter(status=Approval.Status.PENDING)

    def locked(self, approval_id):
        return (
            self.select_for_update(of=("self",), no_key=True)
            .select_related("organization", "requested_by", "decided_by")
            .get(id=approval_id)
        )

    def awaiting(self, user):
        """What this person may decide: pending, and somebody else's."""
        return self._within(user, FIRMS).pending().exclude(requested_by=user)


class Approval(models.Model):
    """A request that waits for somebody other than the person who made it."""

    tenant = tenancy.belongs_to("organization")

    class Status(models.TextChoices):
        PENDING = "pending", _("待审批")
        APPROVED = "approved", _("已同意")
        REJECTED = "rejected", _("已驳回")
        LAPSED = "lapsed", _("已失效")

    NEXT = {Status.PENDING: {Status.APPROVED, Status.REJECTED, Status.LAPSED}}

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24)
    subject_code = models.CharField(max_length=64)
    decided_under = models.CharField(max_length=40, default=FIRMS)
    sentence = models.CharField(_("事项"), max_length=200)
    values = models.JSONField(default=dict)
    amount = models.BigIntegerField(_("金额（分）"))
    url = models.CharField(max_length=200)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.PENDING)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(_("提交时间"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(_("意见"), max_length=300, blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_code"], name="one_approval_per_subject"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="nobody_approves_their_own",
            ),
        ]
        indexes = [models.Index(fields=["organization", "status"])]

    def get_absolute_url(self):
        return f"/approvals/{self.code}/"

    @property
    def summary(self) -> str:
        return gettext(self.sentence) % self.values
