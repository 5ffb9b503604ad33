"""The one question a page asks before it opens."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied

from portal.accounts.permissions import ACTIONS, STAFF, can, memberships, roles_for


def _missing(action):
    """Which roles may do this, and who gives them."""
    if ACTIONS[action] <= STAFF:
        words = _("此操作需要以下角色之一：%(roles)s。政府与平台的角色由安全管理员授予。")
    else:
        words = _("此操作需要以下角色之一：%(roles)s。请联系本单位管理员授权。")
    return words % {"roles": _("、").join(roles_for(action))}


def require(action: str):
    """Open this page only to people who may do this somewhere; the 403 page names the missing role."""

    def decorate(view):
        @login_required
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not can(request.user, action):
                raise PermissionDenied(_missing(action))
            return view(request, *args, **kwargs)

        guarded.required_action = action
        return guarded

    return decorate


def require_for_api(request, action: str, organization=None):
    """The same question from a program."""
    if not request.user.is_authenticated:
        raise NotAuthenticated
    if not can(request.user, action, organization):
        raise ApiPermissionDenied(_missing(action))


def acting_for(request, action: str):
    """The organisation whose hat this person wears, if they may do this in it; otherwise the first in which they may."""
    mine = [m.organization for m in memberships(request.user) if m.role in ACTIONS[action]]
    if not mine:
        raise PermissionDenied(_missing(action))
    return next((o for o in mine if request.organization and o.id == request.organization.id), mine[0])


def require_action(user, action: str, organization=None):
    """Stop here unless this person may do this."""
    if not can(user, action, organization):
        raise PermissionDenied(_missing(action))
