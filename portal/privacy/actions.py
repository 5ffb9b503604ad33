"""Looking at a person's identifiers in full, which is a deed with a line of its own."""

from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.permissions import ALL, organization_ids
from portal.audit import actions as audit
from portal.shell.exceptions import Refusal

SHOWN = ("email", "phone")


class NotForYou(Refusal):
    """Nobody of this person's organisations gave the asker that right."""

    status = 403
    code = "not_for_you"


def reveal(*, person: User, by: User) -> dict[str, str]:
    """How to reach somebody, in full; the record of their organisation says who looked."""
    ids = organization_ids(by, "personal.reveal")
    shared = [m for m in person.memberships.select_related("organization") if m.organization_id in ids]
    if not shared and ids is not ALL:
        raise NotForYou(_("您没有查看此人完整联系方式的权限。"))
    organization = shared[0].organization if shared else None
    audit.record(person, "personal.revealed", by=by, organization=organization, fields=list(SHOWN))
    return {name: getattr(person, name) for name in SHOWN}
