from portal.audit.tasks import seal_audit_events

__all__ = ["seal_audit_events"]
