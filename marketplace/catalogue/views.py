"""A provider writes what it sells; the platform reviews it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from federation.providers.models import Provider
from marketplace.catalogue import drafts, sheets, tables
from marketplace.catalogue.forms import OfferForm, SheetForm
from marketplace.catalogue.models import Plan, PriceDraft
from marketplace.catalogue.review import shown
from portal.accounts.permissions import can
from portal.accounts.scoping import acting_for, require
from portal.approvals.models import Approval
from portal.shell.exceptions import Refusal
from portal.shell.responses import workbook_response
from portal.shell.screens import RecordScreen, show
from portal.shell.workbooks import workbook


@require("prices.view")
def listing(request):
    """Every draft I may see."""
    return show(request, tables.screen, "catalogue/list.html", may_edit=can(request.user, "prices.edit"))


def _provider(request):
    return get_object_or_404(Provider, organization_id=acting_for(request, "prices.edit").id)


def _write(request, form, write):
    """Let a form's offers be written; a refusal stands on the form."""
    if form.is_valid():
        try:
            return write()
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
    return None


@require("prices.edit")
def new(request):
    """Write an offer as a draft."""
    provider, now = _provider(request), timezone.now()
    form = OfferForm(request.POST or None, initial={"effective_from": localtime(now)})
    draft = _write(
        request,
        form,
        lambda: drafts.write(provider=provider, offer=form.offer(), by=request.user, at=now),
    )
    if draft:
        messages.success(request, _("草稿已保存，核对后提交审核。"))
        return redirect(draft)
    return render(request, "catalogue/new.html", {"form": form}, status=422 if form.errors else 200)


@require("prices.edit")
def sheet(request):
    """Hand in a whole price list."""
    provider, now = _provider(request), timezone.now()
    form = SheetForm(request.POST or None, request.FILES or None)
    written = _write(
        request,
        form,
        lambda: drafts.write_all(
            provider=provider, offers=sheets.read(form.cleaned_data["file"]), by=request.user, at=now
        ),
    )
    if written:
        messages.success(request, _("已导入 %(n)d 份草稿，请逐份核对后提交。") % {"n": len(written)})
        return redirect("catalogue:list")
    return render(request, "catalogue/sheet.html", {"form": form}, status=422 if form.errors else 200)


@require("prices.edit")
def template(request):
    """What is sold now, as the sheet to edit and hand in."""
    provider, now = _provider(request), timezone.now()
    plans = Plan.objects.filter(provider=provider).priced(now).select_related("accelerator").order_by("code")
    rows = [sheets.row_of(plan, now) for plan in plans]
    return workbook_response(workbook(_("价格表"), sheets.heads(), rows), "prices.xlsx")


def _draft(request, code):
    rows = PriceDraft.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("provider", "accelerator", "written_by"), code=code)


@require("prices.view")
def detail(request, code):
    """One draft beside what is sold now."""
    draft = _draft(request, code)
    may_edit = can(request.user, "prices.edit", draft.provider.organization)
    changes = [
        {"name": name, "now": shown(now, draft), "then": shown(then, draft), "is_changed": now != then}
        for name, now, then in drafts.compared(draft, timezone.now())
    ]
    context = {
        "record": RecordScreen(
            draft, draft.code, str(draft), _("商品与价格"), reverse("catalogue:list"), "status"
        ),
        "draft": draft,
        "columns": tables.CHANGES,
        "changes": changes,
        "approval": Approval.objects.visible_to(request.user)
        .filter(kind=drafts.APPROVAL_KIND, subject_code=draft.code)
        .first(),
        "may_submit": may_edit and draft.status == PriceDraft.Status.DRAFT,
        "may_withdraw": may_edit and draft.status in PriceDraft.OPEN,
    }
    return render(request, "catalogue/detail.html", context)


@require("prices.edit")
@require_POST
def submit(request, code):
    """Ask the platform to review it."""
    draft = drafts.submit(draft_id=_draft(request, code).id, by=request.user, at=timezone.now())
    messages.success(request, _("已提交平台审核。"))
    return redirect(draft)


@require("prices.edit")
@require_POST
def withdraw(request, code):
    """Think again."""
    draft = drafts.withdraw(draft_id=_draft(request, code).id, by=request.user)
    messages.success(request, _("已撤回。"))
    return redirect(draft)
