"""Time carries news out of the house."""

from urllib.parse import urlsplit

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.notices import actions as notices
from portal.notices.models import Channel
from portal.shell import sms
from portal.shell.city import city
from portal.shell.sweeps import BATCH


@shared_task
def sort_notices():
    """Give each new line the ways its reader wishes."""
    notices.sort(at=timezone.now(), limit=BATCH)


@shared_task
def send_notices():
    """Carry out what is due. A sender killed between sending and noting it is the one way to a second copy."""
    for _number in range(BATCH):
        rows = notices.take(at=timezone.now())
        if not rows:
            return
        try:
            with translation.override(rows[0].notice.user.language):
                SENDERS[rows[0].channel](rows)
        except Exception as failure:
            notices.note_failed(rows=rows, error=str(failure) or type(failure).__name__, at=timezone.now())
        else:
            notices.note_sent(rows=rows, at=timezone.now())


def send_letter(rows):
    """One line, or a day's, in the language of its reader. The same letter always bears the same Message-ID."""
    first = rows[0].notice
    is_digest = rows[0].is_daily
    product = city()["title"]
    subject = _("%(count)s 条通知") % {"count": len(rows)} if is_digest else " ".join(first.title.split())
    context = {
        "user": first.user,
        "notices": [row.notice for row in rows],
        "is_digest": is_digest,
        "subject": subject,
        "product": product,
        "settings_url": f"{settings.PUBLIC_URL}/notices/settings/",
        "language": translation.get_language(),
    }
    letter = EmailMultiAlternatives(
        f"[{product}] {subject}",
        render_to_string("notices/letter.txt", context),
        to=[first.user.email],
        headers={"Message-ID": f"<{first.code}@{urlsplit(settings.PUBLIC_URL).hostname}>"},
    )
    letter.attach_alternative(render_to_string("notices/letter.html", context), "text/html")
    letter.send()


def send_text(rows):
    """One line as a short message."""
    notice = rows[0].notice
    words = {"product": city()["title"], "title": notice.title, "link": notice.link}
    sms.send(notice.user.phone, _("【%(product)s】%(title)s 详情 %(link)s") % words)


SENDERS = {Channel.EMAIL: send_letter, Channel.SMS: send_text}
