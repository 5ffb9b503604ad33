"""Time ends stand-ins, sends invitations and asks for reviews."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.members import actions as members
from portal.members import reviews
from portal.members.models import AccessReview, Invitation
from portal.organizations.models import Membership, Organization
from portal.shell.sweeps import BATCH, each


@shared_task
def send_invitations():
    """Mail the links of invitations not yet sent. A mail sent twice opens the same door once."""
    now = timezone.now()

    def send(invitation):
        link = f"{settings.PUBLIC_URL}/invitations/{invitation.secret}/"
        send_mail(
            _("邀请您加入 %(organization)s") % {"organization": invitation.organization.name},
            render_to_string("members/invitation.txt", {"invitation": invitation, "link": link}),
            None,
            [invitation.email],
        )
        members.note_sent(invitation_id=invitation.id, at=timezone.now())

    each(Invitation.objects.unsent(now).select_related("organization", "invited_by")[:BATCH], send)


@shared_task
def end_expired_memberships():
    """End the roles whose time is over. Rights ended at that very moment already; this clears the rows."""
    now = timezone.now()
    rows = Membership.objects.filter(until__lte=now).order_by("id")[:BATCH]
    each(rows, lambda row: members.expire(membership_id=row.id, at=now))


@shared_task
def open_access_reviews():
    """Ask every organisation once a quarter whether its people still need their roles."""
    now = timezone.now()
    recent = AccessReview.objects.filter(
        organization=OuterRef("pk"), opened_at__gt=now - timedelta(days=settings.ACCESS_REVIEW_DAYS)
    )
    waiting = AccessReview.objects.filter(organization=OuterRef("pk"), closed_at=None)
    due = Organization.objects.filter(
        ~Exists(recent), ~Exists(waiting), created_at__lte=now - timedelta(days=settings.ACCESS_REVIEW_DAYS)
    )
    each(
        due.order_by("id")[:BATCH],
        lambda organization: reviews.open_review(organization_id=organization.id, at=now),
    )
