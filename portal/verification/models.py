"""What a firm hands in to prove who it is, and what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, can, organization_ids
from portal.crypto.fields import EncryptedTextField
from portal.crypto.files import opened
from portal.organizations.models import Organization
from portal.shell import tenancy


def _firms(user):
    ids = organization_ids(user, "verifications.apply")
    return () if ids is ALL else ids


class VerificationQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "verifications.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def waiting(self):
        return self.filter(status=Verification.Status.SUBMITTED)

    def awaiting(self, user):
        """What this person has to do: review what others handed in, mend what came back to their own firm."""
        firms, reviews = _firms(user), can(user, "verifications.review")
        if not (firms or reviews):
            return self.none()
        theirs = Q(status=Verification.Status.RETURNED, organization_id__in=firms)
        if reviews:
            theirs |= Q(status=Verification.Status.SUBMITTED) & ~Q(organization__memberships__user=user)
        return self.filter(theirs)


class Verification(models.Model):
    """One application of a firm to be known by its licence; what was returned is mended in the same one."""

    tenant = tenancy.belongs_to("organization")

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("待审核")
        RETURNED = "returned", _("退回补正")
        APPROVED = "approved", _("已认证")
        REJECTED = "rejected", _("未通过")

    NEXT = {
        Status.SUBMITTED: {Status.RETURNED, Status.APPROVED, Status.REJECTED},
        Status.RETURNED: {Status.SUBMITTED},
    }

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="verifications")
    legal_representative = EncryptedTextField(_("法定代表人"), max_length=60)
    contact_name = models.CharField(_("经办人"), max_length=60)
    contact_phone = EncryptedTextField(_("经办人手机号"), max_length=20)
    address = models.CharField(_("注册地址"), max_length=160)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.SUBMITTED)
    remarks = models.JSONField(default=dict)
    reason = models.CharField(_("审核意见"), max_length=300, blank=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(_("提交时间"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("审核时间"), null=True)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(status__in=["submitted", "returned"]),
                name="one_open_verification_per_organization",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("submitted_by")),
                name="nobody_verifies_their_own",
            ),
        ]

    def get_absolute_url(self):
        return f"/verifications/{self.code}/"


class Licence(models.Model):
    """The picture of a business licence that came with an application, under a key of its own: it names a person."""

    tenant = tenancy.belongs_to("verification__organization")

    verification = models.OneToOneField(Verification, on_delete=models.CASCADE, related_name="licence")
    name = models.CharField(max_length=120)
    key = EncryptedTextField()
    closed = models.BinaryField()
    digest = models.CharField(max_length=64, db_index=True)

    @property
    def content(self) -> bytes:
        return opened(self.key, bytes(self.closed))
