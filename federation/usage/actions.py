"""Write meter readings down, once."""

from federation.usage.models import UsageRecord


def record(
    *,
    source_key,
    cluster,
    accelerator,
    workload_code,
    cards,
    started_at,
    ended_at,
    seconds,
    is_final,
    at,
    corrects=None,
) -> UsageRecord:
    """Keep a reading under the source's own key. The first reading stands: history is never rewritten."""
    reading, _created = UsageRecord.objects.get_or_create(
        source_key=source_key,
        defaults={
            "cluster": cluster,
            "accelerator": accelerator,
            "workload_code": workload_code,
            "cards": cards,
            "started_at": started_at,
            "ended_at": ended_at,
            "seconds": seconds,
            "is_final": is_final,
            "corrects": corrects,
            "recorded_at": at,
        },
    )
    return reading
