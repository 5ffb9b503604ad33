"""What is asked of people who are to belong, and what was said of those who do."""

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts import permissions
from portal.organizations.models import Organization
from portal.shell import tenancy

SALT = "portal.members.invitation"


class InvitationQuerySet(models.QuerySet):
    def pending(self):
        """Neither accepted nor taken back; it may have lapsed."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def open(self, at):
        return self.pending().filter(expires_at__gt=at)

    def unsent(self, at):
        return self.open(at).filter(sent_at=None)


class Invitation(models.Model):
    """A role in an organisation, offered to whoever reads this mailbox, until a date."""

    tenant = tenancy.belongs_to("organization")

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("电子邮箱"))
    role = models.CharField(_("角色"), max_length=24, choices=permissions.ROLES)
    until = models.DateTimeField(_("角色有效期至"), null=True)
    reason = models.CharField(_("授权原因"), max_length=200, blank=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("邀请有效期至"))
    sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email", "role"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation_per_mailbox_and_role",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by=None) | ~Q(accepted_by=F("invited_by")),
                name="nobody_invites_themselves",
            ),
        ]

    @property
    def secret(self) -> str:
        """What only the mail carries: the invitation's code under our signature; no row holds it."""
        return signing.dumps(self.code, salt=SALT)

    @staticmethod
    def code_in(secret: str) -> str:
        """Which invitation this secret opens; empty when we never signed it."""
        try:
            return signing.loads(secret, salt=SALT)
        except signing.BadSignature:
            return ""

    def is_for(self, person) -> bool:
        """Was it sent to a mailbox of theirs?"""
        mine = person.emailaddress_set.filter(email__iexact=self.email, verified=True)
        return self.email.lower() == person.email.lower() or mine.exists()


class AccessReviewQuerySet(models.QuerySet):
    def open(self):
        return self.filter(closed_at=None)

    def awaiting(self, user):
        """What this person has to answer: for their own firm, or for all staff."""
        firms = permissions.organization_ids(user, "members.manage")
        keeps_staff = permissions.can(user, "staff.manage")
        if not (firms or keeps_staff):
            return self.none()
        theirs = Q(organization_id__in=firms)
        if keeps_staff:
            theirs |= Q(organization__kind__in=Organization.STAFFED)
        return self.open().filter(theirs)


class AccessReview(models.Model):
    """The regular question of an organisation to itself: does everybody still need what they may do?"""

    tenant = tenancy.belongs_to("organization")

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="access_reviews")
    opened_at = models.DateTimeField(_("发起时间"))
    due_at = models.DateTimeField(_("截止时间"))
    closed_at = models.DateTimeField(_("完成时间"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = AccessReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(closed_at=None), name="one_open_review_per_organization"
            )
        ]

    def get_absolute_url(self):
        return f"/members/reviews/{self.code}/"


class AccessReviewLine(models.Model):
    """One person's role as it stood when the review opened, and what was decided."""

    tenant = tenancy.belongs_to("review__organization")

    class Verdict(models.TextChoices):
        KEEP = "keep", _("保留")
        WITHDRAW = "withdraw", _("收回")

    review = models.ForeignKey(AccessReview, on_delete=models.CASCADE, related_name="lines")
    membership_code = models.CharField(max_length=32)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(_("角色"), max_length=24, choices=permissions.ROLES)
    last_login = models.DateTimeField(_("最近登录"), null=True)
    verdict = models.CharField(_("结论"), max_length=12, choices=Verdict, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "membership_code"], name="one_line_per_review_and_membership"
            )
        ]
