"""What a person's account was: who they are called and whether they may come in; no password, no number."""

from portal.accounts.models import User
from portal.shell import tenancy
from portal.shell.history import versions_of

FIELDS = ["id", "username", "email", "name", "is_active", "is_staff", "is_superuser", "disabled_reason"]


class UserVersion(versions_of(User, fields=FIELDS)):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()
