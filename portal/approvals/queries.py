"""What second persons have decided."""

from typing import Any, NamedTuple

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.approvals.models import Approval
from portal.shell.sweeps import BATCH

DECIDED = (Approval.Status.APPROVED, Approval.Status.REJECTED)


class Word(NamedTuple):
    """A second person's word on one row."""

    subject: Any
    is_agreed: bool
    by: User
    reason: str

    @property
    def code(self) -> str:
        return self.subject.code


def _decided(kind):
    return Approval.objects.filter(kind=kind, status__in=DECIDED)


def unanswered(kind: str, rows: QuerySet) -> QuerySet:
    """Those of these rows on which nobody has decided."""
    return rows.exclude(code__in=_decided(kind).values("subject_code"))


def words_on(kind: str, rows: QuerySet) -> list[Word]:
    """The words that were said on these rows and that their room has not followed yet, the oldest requests first."""
    decided = _decided(kind).filter(subject_code__in=rows.order_by().values("code"))
    words = {word.subject_code: word for word in decided.select_related("decided_by").order_by("id")[:BATCH]}
    subjects = {row.code: row for row in rows.filter(code__in=words)}
    return [
        Word(subjects[code], word.status == Approval.Status.APPROVED, word.decided_by, word.reason)
        for code, word in words.items()
        if code in subjects
    ]
