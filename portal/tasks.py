from portal.audit.tasks import export_checkpoints, seal_audit_events, take_audit_checkpoint
from portal.entrance.tasks import disable_idle_accounts
from portal.lists.tasks import expire_exports, write_exports
from portal.members.tasks import end_expired_memberships, open_access_reviews, send_invitations

__all__ = [
    "disable_idle_accounts",
    "end_expired_memberships",
    "expire_exports",
    "export_checkpoints",
    "open_access_reviews",
    "seal_audit_events",
    "send_invitations",
    "take_audit_checkpoint",
    "write_exports",
]
