"""The record, for those who may read it. What they look for stands in it, too."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.permissions import ALL, can, organization_ids
from portal.accounts.scoping import require
from portal.audit import actions as audit
from portal.audit import exports, tables, wording
from portal.audit import queries as record
from portal.audit import versions as versions_of
from portal.audit.evidence import package
from portal.audit.forms import Question
from portal.audit.models import Event, Seal
from portal.shell.history import versions_table

PAGE = 50


@require("audit.view")
def listing(request):
    """Who did what, when, newest first."""
    question = Question(request.GET)
    before = request.GET.get("cursor", "")
    rows = asked(request, question)
    # A firm's administrator looks at the firm's own without a line for each look.
    if question.is_valid() and question.conditions and not before and sees_all(request):
        audit.record(request.user, "audit.searched", **asker(request), conditions=question.conditions)
    if anchor := place_of(before):
        rows = rows.filter(id__lt=anchor.event_id)
    rows = list(rows[: PAGE + 1])
    shown = rows[:PAGE]
    # Events of the last seconds have no place yet; the page after them begins at the last that has one.
    sealed = [event for event in shown if hasattr(event, "seal")]
    context = {
        "columns": tables.EVENTS,
        "events": shown,
        "next_cursor": sealed[-1].seal.code if len(rows) > PAGE and sealed else "",
        "question": question,
        "is_asked": bool(question.is_valid() and question.conditions),
        "is_citywide": sees_all(request),
        "may_take_evidence": can(request.user, "audit.evidence"),
    }
    return render(request, "audit/list.html", context, status=422 if question.errors else 200)


@require("audit.view")
def detail(request, code):
    """One event: what changed, and where it stands in its chain."""
    seal = place_of(code)
    event = get_object_or_404(rows_for(request), id=seal.event_id if seal else None)
    neighbours = Seal.objects.filter(
        chain=event.seal.chain, position__in=(seal.position - 1, seal.position + 1)
    )
    context = {
        "event": event,
        "columns": tables.CHANGES,
        "changes": wording.changes(event),
        "facts": wording.facts(event),
        "neighbours": {"before" if s.position < seal.position else "after": s for s in neighbours},
        "holds": record.holds(event.seal),
        "has_versions": can(request.user, "versions.view") and versions_table(event.subject_type),
    }
    return render(request, "audit/detail.html", context)


@require("versions.view")
def versions(request, kind, code):
    """What became of one row: every version, who wrote it, what changed."""
    steps = versions_of.steps(kind, code, is_masked=not can(request.user, "personal.reveal"))
    if steps is None:
        raise Http404
    audit.record(request.user, "audit.searched", **asker(request), conditions={"versions": f"{kind} {code}"})
    context = {
        "columns": tables.VERSION,
        "steps": steps,
        "kind": wording.kind_in_words(kind),
        "code": code,
    }
    return render(request, "audit/versions.html", context)


@require("audit.view")
@require_POST
def export(request):
    """The rows of this question as CSV, each with its digest."""
    question = Question(request.POST)
    rows = asked(request, question)[: exports.MOST]
    conditions = question.conditions if question.is_valid() else {}
    audit.record(request.user, "audit.exported", **asker(request), conditions=conditions)
    response = HttpResponse("".join(exports.csv(rows)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{stamp()}.csv"'
    return response


@require("audit.evidence")
@require_POST
def evidence(request):
    """A package that proves itself on a machine that has nothing but Python."""
    question = Question({name: request.POST.get(name, "") for name in ("since", "until")})
    if not question.is_valid():
        messages.error(request, _("日期填写有误，请修改后重新导出。"))
        return redirect("audit:list")
    body, count = package(
        **{name: question.cleaned_data[name] for name in ("since", "until")}, at=timezone.now()
    )
    audit.record(
        request.user, "audit.evidence_taken", **asker(request), conditions=question.conditions, links=count
    )
    response = HttpResponse(body, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="audit-evidence-{stamp()}.zip"'
    return response


@require("audit.view")
@require_POST
def verify(request):
    """Walk the chains this reader may see, and say at which row the first one breaks."""
    ids = organization_ids(request.user, "audit.view")
    found = record.breaks() if ids is ALL else record.breaks_of(ids)
    audit.record(request.user, "audit.verified", **asker(request), breaks=len(found))
    for link in found:
        messages.error(
            request,
            _("%(chain)s 第 %(position)s 环不成立（%(reason)s）。请保留现场并立即报告安全管理员。")
            % {"chain": link.chain, "position": link.position, "reason": record.reason_in_words(link.reason)},
        )
    if not found:
        messages.success(request, _("校验通过：没有发现改动、删除、调换或截断。"))
    return redirect("audit:list")


def rows_for(request):
    return Event.objects.visible_to(request.user).select_related("actor", "organization", "seal")


def asked(request, question):
    """The rows that a question leaves; a wrong question leaves none."""
    rows = rows_for(request)
    return rows.asked(**question.cleaned_data) if question.is_valid() else rows.none()


def sees_all(request) -> bool:
    return organization_ids(request.user, "audit.view") is ALL


def asker(request) -> dict:
    """Who looked, and under whose hat."""
    return {"by": request.user, "organization": request.organization}


def place_of(code: str) -> Seal | None:
    """The link that people name EN-LUDAO-12."""
    chain, _dash, position = code.rpartition("-")
    if not position.isdecimal() or len(position) > 18:
        return None
    return Seal.objects.filter(chain=chain, position=int(position)).first()


def stamp() -> str:
    return f"{timezone.localtime():%Y%m%d-%H%M%S}"
