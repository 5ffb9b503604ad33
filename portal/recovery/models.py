"""Who lost everything, how they proved who they are, and who agreed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy


class FactorReset(models.Model):
    """A person's second factors are to go, because they are lost: one administrator saw who it is, another agrees."""

    tenant = tenancy.belongs_to()

    class Status(models.TextChoices):
        PENDING = "pending", _("待第二人核准")
        CONFIRMED = "confirmed", _("已核准")
        REFUSED = "refused", _("已驳回")

    NEXT = {Status.PENDING: {Status.CONFIRMED, Status.REFUSED}}

    code = models.CharField(_("编号"), max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    proof = models.CharField(_("身份核验经过"), max_length=200)
    status = models.CharField(_("状态"), max_length=9, choices=Status, default=Status.PENDING)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("提出时间"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("核准时间"), null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(status="pending"), name="one_open_reset_per_person"
            ),
            models.CheckConstraint(
                condition=~Q(proposed_by=F("user"))
                & (Q(decided_by=None) | ~Q(decided_by=F("proposed_by")) & ~Q(decided_by=F("user"))),
                name="three_people_for_a_reset",
            ),
        ]

    def __str__(self):
        return self.code
