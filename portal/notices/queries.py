"""What is asked about news."""

from portal.notices.models import NoticePreference


def chosen_by(user) -> dict[tuple[str, str], str]:
    """Where this person chose otherwise than the city."""
    rows = NoticePreference.objects.filter(user=user)
    return {(row.kind, row.channel): row.wish for row in rows}
