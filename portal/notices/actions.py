"""Telling people."""

from collections import defaultdict
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.permissions import ACTIONS
from portal.audit import actions as audit
from portal.notices.models import (
    Channel,
    Notice,
    NoticeDelivery,
    NoticePreference,
    Wish,
    is_mandatory,
    wish_for,
)
from portal.organizations.models import Membership
from portal.shell import tenancy
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.sweeps import wait_after

# Longer than any server takes to answer: who took a letter and has not sent it by then is dead.
LEASE = timedelta(minutes=5)
DIGEST_HOUR = 9


class CannotSilence(Refusal):
    """News of money, deadlines and security always comes."""

    code = "cannot_silence"


@tenancy.citywide()
def notify(*, kind, sentence, values, url, at, user=None, organization=None, action=None):
    """Leave a line for one person, or for everybody who may do `action`, in one organisation or anywhere.

    `sentence` is the source text (marked with gettext_noop) with %(places)s for `values`: each reader gets his own language.
    """
    if user is not None:
        user_ids = [user.id]
    else:
        able = Membership.objects.in_force(at).filter(role__in=ACTIONS[action])
        if organization is not None:
            able = able.filter(organization=organization)
        user_ids = able.values_list("user_id", flat=True).distinct()
    with transaction.atomic():
        Notice.objects.bulk_create(
            Notice(
                code=new_code("NT"),
                user_id=user_id,
                kind=kind,
                sentence=sentence,
                values=values,
                url=url,
                created_at=at,
            )
            for user_id in user_ids
        )


def mark_read(*, user, at, code=None, among=None):
    """Read one line, those `among` some ids, or all of them."""
    mine = Notice.objects.filter(user=user, read_at=None)
    if code:
        mine = mine.filter(code=code)
    if among is not None:
        mine = mine.filter(id__in=among)
    mine.update(read_at=at)


# --- what somebody wishes ------------------------------------------------------------------------------
def choose(*, user, wishes: dict[tuple[str, str], str], by) -> None:
    """How the kinds of news shall come to this person. Saying it twice changes nothing."""
    if any(is_mandatory(*place) for place in wishes):
        raise CannotSilence(_("资金、期限与安全类通知必须发送，不能关闭。"))
    with transaction.atomic():
        # Two pages sent at one moment would each compare with the same rows.
        User.objects.select_for_update(no_key=True, of=("self",)).get(id=user.id)
        rows = {(row.kind, row.channel): row for row in NoticePreference.objects.filter(user=user)}
        chosen = {place: row.wish for place, row in rows.items()}
        changed = {place: wish for place, wish in wishes.items() if wish_for(*place, chosen) != wish}
        if not changed:
            return
        for (kind, channel), wish in changed.items():
            NoticePreference.objects.update_or_create(
                user=user, kind=kind, channel=channel, defaults={"wish": wish}
            )
        audit.record(
            user,
            "account.news_chosen",
            by=by,
            before={".".join(place): str(wish_for(*place, chosen)) for place in changed},
            after={".".join(place): str(wish) for place, wish in changed.items()},
        )


# --- on its way ----------------------------------------------------------------------------------------
def sort(*, at, limit) -> int:
    """Give each new line the ways its reader wishes. Safe to run twice; how many lines it were."""
    with transaction.atomic():
        rows = list(
            Notice.objects.unsorted()
            .select_for_update(no_key=True, of=("self",), skip_locked=True)
            .select_related("user")
            .order_by("id")[:limit]
        )
        chosen = _chosen_by({notice.user_id for notice in rows})
        NoticeDelivery.objects.bulk_create(
            [
                NoticeDelivery(
                    notice=notice,
                    channel=channel,
                    is_daily=wish == Wish.DAILY,
                    due_at=_next_digest(at) if wish == Wish.DAILY else at,
                )
                for notice in rows
                for channel in _ways_to(notice.user)
                if (wish := wish_for(notice.kind, channel, chosen[notice.user_id])) != Wish.NEVER
            ],
            ignore_conflicts=True,
        )
        Notice.objects.filter(id__in=[notice.id for notice in rows]).update(sorted_at=at)
    return len(rows)


def take(*, at) -> list[NoticeDelivery]:
    """What goes to one person by one channel next, for five minutes nobody else's: one line, or a day's."""
    with transaction.atomic():
        while rows := _next_to_go(at):
            chosen = _chosen_by({rows[0].notice.user_id})[rows[0].notice.user_id]
            for row in rows:
                row.due_at = at + LEASE if _is_still_wanted(row, chosen) else None
                row.tries += 1
            NoticeDelivery.objects.bulk_update(rows, ["due_at", "tries"])
            if going := [row for row in rows if row.due_at]:
                return going
    return []


def _next_to_go(at) -> list[NoticeDelivery]:
    due = (
        NoticeDelivery.objects.due(at)
        .select_for_update(no_key=True, of=("self",), skip_locked=True)
        .select_related("notice__user")
    )
    first = due.first()
    if first is None or not first.is_daily:
        return [first] if first else []
    return list(due.filter(is_daily=True, channel=first.channel, notice__user=first.notice.user))


def _is_still_wanted(row, chosen) -> bool:
    """What its reader has switched off since, or read before the digest, is dropped on the way."""
    is_over = wish_for(row.notice.kind, row.channel, chosen) == Wish.NEVER
    return not is_over and not (row.is_daily and row.notice.read_at)


def note_sent(*, rows, at) -> None:
    """They are out of the house."""
    for row in rows:
        _still_ours(row).update(due_at=None, sent_at=at, error="")


def note_failed(*, rows, error, at) -> None:
    """They came back: once more later, and not for ever."""
    for row in rows:
        wait = wait_after(row.tries)
        _still_ours(row).update(due_at=wait and at + wait, error=error[:200])


def _still_ours(row):
    """A sender that slept past its lease must not overwrite what the next one noted."""
    return NoticeDelivery.objects.filter(id=row.id, tries=row.tries, sent_at=None)


def _chosen_by(user_ids) -> dict[int, dict]:
    found: dict[int, dict] = defaultdict(dict)
    for row in NoticePreference.objects.filter(user_id__in=user_ids):
        found[row.user_id][row.kind, row.channel] = row.wish
    return found


def _ways_to(user) -> list[str]:
    """The channels that reach this person; a closed account is written to no more."""
    if not user.is_active:
        return []
    return [Channel.EMAIL, *([Channel.SMS] if user.is_phone_verified else [])]


def _next_digest(at) -> datetime:
    """Nine o'clock in the city, today or tomorrow."""
    local = timezone.localtime(at)
    day = local.date() + timedelta(days=local.hour >= DIGEST_HOUR)
    return timezone.make_aware(datetime.combine(day, time(DIGEST_HOUR)))
