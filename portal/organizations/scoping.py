"""The one question a page asks before it opens."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied

from portal.accounts.permissions import can, roles_for


def _missing(action):
    return _("此操作需要以下角色之一：%(roles)s。请联系本单位管理员授权。") % {
        "roles": "、".join(roles_for(action))
    }


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
