"""Accounts that nobody uses are closed, after a word a week before."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.entrance import actions as entrance
from portal.entrance import queries
from portal.shell import sweeps

WARNING = timedelta(days=7)


@shared_task
def disable_idle_accounts():
    """Warn who has not come for 83 days, close who has not come for 90 and was warned a week ago."""
    now = timezone.now()
    life = timedelta(days=settings.IDLE_ACCOUNT_DAYS)

    def look_at(user):
        if entrance.is_last_of_its_kind(user):
            return
        if user.idle_warned_at is None or user.idle_warned_at < user.used_at:
            closes_on = timezone.localdate(max(user.used_at + life, now + WARNING))
            entrance.warn_idle(user_id=user.id, closes_on=closes_on, at=now)
            send_mail(
                _("账号即将停用"),
                _("您的账号 %(name)s 久未使用，将于 %(closes_on)s 停用；登录一次即可保留：%(url)s")
                % {"name": user.username, "closes_on": f"{closes_on:%Y-%m-%d}", "url": settings.PUBLIC_URL},
                None,
                [user.email],
            )
        elif user.used_at < now - life and user.idle_warned_at <= now - WARNING:
            reason = _("%(days)s 天未使用，自动停用") % {"days": settings.IDLE_ACCOUNT_DAYS}
            entrance.disable(user_id=user.id, reason=reason, by=None, at=now)

    sweeps.each(queries.idle_since(now - life + WARNING), look_at)
