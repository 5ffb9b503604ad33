from portal.audit.tasks import export_checkpoints, seal_audit_events, take_audit_checkpoint
from portal.members.tasks import end_expired_memberships, open_access_reviews, send_invitations

__all__ = [
    "end_expired_memberships",
    "open_access_reviews",
    "send_invitations",
    "export_checkpoints",
    "seal_audit_events",
    "take_audit_checkpoint",
]
