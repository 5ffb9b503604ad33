from portal.audit.tasks import export_checkpoints, seal_audit_events, take_audit_checkpoint

__all__ = ["export_checkpoints", "seal_audit_events", "take_audit_checkpoint"]
