"""Telling people."""

from django.db import transaction

from portal.accounts.permissions import ACTIONS
from portal.notices.models import Notice
from portal.organizations.models import Membership
from portal.shell import tenancy
from portal.shell.codes import new_code


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
