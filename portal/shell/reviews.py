"""The reviewer's desk: what was handed in · what the machine found · what the reviewer says.

A room that has something to review answers three questions and is done:

    desk = Desk(title=…, row=application, code=…, parts=Parts(materials, facts), verdicts=(APPROVE, RETURN, REJECT),
                action=reverse("…:decide", args=[code]), back=…, subject=its own page, following=url of the next one or "",
                left=how many still wait, recusal=why this person may not decide, or "", phrases=(…))
    return render(request, "shell/review.html", {"desk": desk, "form": form})

The form is posted to `action` with `verdict` (a Verdict's value) and `reason`; after a refusal the view renders the same
desk with what was typed. The page is for desktop and tablet and says so on a phone; key `n` opens the next one.
"""

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Material:
    """Something handed in: text shown as it is, a picture at `url`, or a file at `url` that opens beside this page."""

    name: str | Promise
    text: str = ""
    url: str = ""
    is_picture: bool = False


@dataclass(frozen=True)
class Fact:
    """One line to check: what it says, where it comes from, and what an automatic check found (ok, warn or bad).

    With a `remark` the reviewer may say something about this line alone: posted as `remark-<its name>`.
    """

    label: str | Promise
    value: object
    source: str | Promise = ""
    result: str = ""
    finding: str | Promise = ""
    is_money: bool = False
    remark: str = ""


@dataclass(frozen=True)
class Parts:
    """The first two panes."""

    materials: list[Material] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """One way to decide; `needs_reason` is said beside the opinion and asked again by the action."""

    value: str
    label: str | Promise
    tone: str = ""
    icon: str = ""
    needs_reason: bool = False


APPROVE = Verdict("approve", _("同意"), "primary", "check")
RETURN = Verdict("return", _("退回补正"), needs_reason=True)
REJECT = Verdict("reject", _("驳回"), "danger", needs_reason=True)


@dataclass(frozen=True)
class Desk:
    """Everything on a reviewer's desk for one thing."""

    title: str
    row: object
    code: str
    parts: Parts
    verdicts: tuple[Verdict, ...]
    action: str
    back: str
    back_label: str | Promise
    subject: str = ""
    following: str = ""
    left: int = 0
    recusal: str = ""
    phrases: tuple = ()
    reason: str = ""
    remarks: dict = field(default_factory=dict)
    error: str = ""
    history: list = field(default_factory=list)

    @property
    def lines(self) -> list[tuple[Fact, str]]:
        """The facts one may remark on, with what was typed."""
        return [(fact, self.remarks.get(fact.remark, "")) for fact in self.parts.facts if fact.remark]

    @property
    def reason_asked_by(self) -> str:
        """The verdicts that want a reason, in words."""
        return " / ".join(str(verdict.label) for verdict in self.verdicts if verdict.needs_reason)
