"""Who is asking, and with what they may do."""

from allauth.account.auth_backends import AuthenticationBackend
from django.utils import timezone

from portal.organizations.models import Membership
from portal.shell import tenancy


class WithMemberships(AuthenticationBackend):
    """Reads a session's person and their roles at once: every request needs both."""

    def get_user(self, user_id):
        with tenancy.citywide():
            rows = Membership.objects.in_force(timezone.now()).filter(user_id=user_id)
            held = list(rows.select_related("user", "organization"))
        if not held:
            return super().get_user(user_id)
        user = held[0].user
        user._memberships = held
        return user if self.user_can_authenticate(user) else None
