"""Between a person and every page: is the stay still good, the second factor given, the password young enough?"""

import time
from urllib.parse import urlencode, urlsplit, urlunsplit

from allauth.account.authentication import get_authentication_records
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from portal.accounts.passwords import is_too_old
from portal.accounts.permissions import is_officer, may_come_from, needs_second_factor
from portal.accounts.queries import has_second_factor
from portal.entrance import stays, typed
from portal.entrance.actions import note_refused_place, note_time_out
from portal.shell import limits

# What must stay open, or nobody could do what the door asks for.
OPEN = (
    "/accounts/",
    "/account/",
    "/preferences/",
    "/i18n/",
    "/favicon.ico",
    "/healthz",
    "/readyz",
)
OUT_OF_PLACE = "out_of_place"
BACKGROUND = "X-Background"


def used_second_factor(request) -> bool:
    """Was the second factor given in this very session?"""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


class Door:
    """Ends stays that lasted too long, and leads to the second factor whoever needs one, and officers to a fresh password."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.session.get(stays.BEGUN) is None or not request.user.is_authenticated:
            return self._ask_in(request, self.get_response(request))
        now = time.time()
        if why := stays.why_over(request.session, is_officer(request.user), now):
            return self._end(request, why)
        if stays.is_stale(request.session, now) and BACKGROUND not in request.headers:
            self._note_hand(request, now)
        if not request.path.startswith(OPEN) and (elsewhere := self._detour(request)):
            return elsewhere
        if request.method == "POST":
            typed.forget(request.user)
        return self.get_response(request)

    def _end(self, request, why):
        user = request.user
        note_time_out(user=user, request=request)
        request.session.flush()
        request.user = AnonymousUser()
        messages.warning(request, why)
        return self._ask_in(request, self.get_response(request), user)

    def _ask_in(self, request, response, typist=None):
        """Nobody comes back to a part of a page, or to where a form is only sent to: the way in leads to the whole page."""
        way = response.headers.get("Location", "")
        is_asked_in = response.status_code == 302 and way.startswith(reverse("account_login"))
        is_part = bool(request.headers.get("HX-Request"))
        if not is_asked_in or (request.method in ("GET", "HEAD") and not is_part):
            return response
        page = urlsplit(request.headers.get("Referer", ""))
        if typist:
            typed.keep(request, typist)
        back = urlunsplit(("", "", page.path or "/desk/", page.query, ""))
        login = f"{reverse('account_login')}?{urlencode({'next': back})}"
        return HttpResponseClientRedirect(login) if is_part else redirect(login)

    def _note_hand(self, request, now):
        request.session[stays.SEEN] = int(now)
        UserSession.objects.filter(session_key=request.session.session_key).update(
            last_seen_at=timezone.now()
        )

    def _note_place(self, request):
        """Once for each stay: every further page would say the same."""
        if OUT_OF_PLACE not in request.session:
            request.session[OUT_OF_PLACE] = True
            note_refused_place(user=request.user, request=request)

    def _detour(self, request):
        user = request.user
        if not may_come_from(user, address := limits.address_of(request)):
            self._note_place(request)
            words = _(
                "您的岗位只能从规定的网络访问，本次来自 %(address)s。请换到办公网络，或联系安全管理员。"
            )
            raise PermissionDenied(words % {"address": address or "?"})
        if needs_second_factor(user) and not used_second_factor(request):
            if request.path.startswith("/api/"):
                raise PermissionDenied
            if has_second_factor(user):
                return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.path})}")
            messages.warning(request, _("您的岗位须启用第二因素（验证器应用或通行密钥），请先完成设置。"))
            return redirect("entrance:security")
        if is_too_old(user, timezone.now()):
            messages.warning(request, _("您的密码已使用 90 天以上，请先更换。"))
            return redirect(settings.PASSWORD_CHANGE_URL)
        return None
