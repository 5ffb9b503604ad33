"""What the keys of programs were: for whom, how far, from where and until when; no digest, and not each use.

What a connected program may ask for stands in allauth's own row; its changes are on the record (`application.*`).
"""

from portal.shell import tenancy
from portal.shell.history import versions_of
from portal.tokens.models import ApiToken, Application


class ApiTokenVersion(versions_of(ApiToken, exclude=["digest", "old_digest", "last_used_at"])):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()


class ApplicationVersion(versions_of(Application, exclude=["last_used_at"])):  # type: ignore[misc]
    tenant = tenancy.written_by_triggers()
