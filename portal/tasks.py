from portal.audit.tasks import export_checkpoints, seal_audit_events, take_audit_checkpoint
from portal.developers.tasks import forget_api_calls, write_api_calls
from portal.entrance.tasks import disable_idle_accounts
from portal.lists.tasks import expire_exports, write_exports
from portal.members.tasks import end_expired_memberships, open_access_reviews, send_invitations
from portal.notices.tasks import send_notices, sort_notices
from portal.tokens.tasks import forget_device_logins
from portal.watch.tasks import watch_the_record
from portal.webhooks.tasks import fan_out_events, send_webhooks

__all__ = [
    "disable_idle_accounts",
    "end_expired_memberships",
    "expire_exports",
    "export_checkpoints",
    "open_access_reviews",
    "seal_audit_events",
    "send_invitations",
    "fan_out_events",
    "send_notices",
    "send_webhooks",
    "sort_notices",
    "take_audit_checkpoint",
    "watch_the_record",
    "write_exports",
    "forget_api_calls",
    "forget_device_logins",
    "write_api_calls",
]
