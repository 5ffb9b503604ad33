"""How far a key reaches."""

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied

# A view that any key may open; it looks at the scopes itself, row by row.
ANY_SCOPE = ""


def has_scope(auth, scope: str) -> bool:
    """May this key be used for it? A signed-in person has no key and needs none."""
    return auth is None or scope == ANY_SCOPE or scope in auth.scopes


def lacking(scope: str) -> str:
    """What a program reads whose key is too narrow."""
    return _("访问令牌缺少权限范围 %(scope)s，请重新创建令牌并勾选它。") % {"scope": scope}


def require_scope(request, scope: str) -> None:
    """Stop here unless the key that was shown reaches so far."""
    if not has_scope(request.auth, scope):
        raise PermissionDenied(lacking(scope))
