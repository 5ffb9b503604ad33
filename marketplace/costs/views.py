"""Where the money went."""

from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from marketplace.costs import queries, tables
from marketplace.costs.forms import BY, CostForm
from marketplace.costs.papers import cost_paper
from portal.accounts.scoping import require
from portal.lists import actions as lists
from portal.papers import actions as papers
from portal.shell.charts import Chart, Series
from portal.shell.money import to_yuan
from portal.shell.responses import download, paper_response, workbook_response
from portal.shell.workbooks import csv_text, workbook

MOST_BARS = 10


def _asked(request):
    form = CostForm(request.GET)
    by, months = form.wish(timezone.localdate())
    return form, by, months, queries.shares(request.user, months, by)


@require("bills.view")
def page(request):
    """The costs of some months by project, accelerator, provider or day, and where this month is going."""
    form, by, months, rows = _asked(request)
    context = {
        "form": form,
        "months": months,
        "columns": tables.columns(by),
        "rows": rows,
        "total": queries.total(rows),
        "chart": _chart(by, rows),
        "forecast": queries.forecast(request.user, timezone.now()),
        "query": request.GET.urlencode(),
    }
    return render(request, "costs/page.html", context, status=422 if form.errors else 200)


def _chart(by, rows) -> Chart:
    shown = rows if by == "day" else rows[:MOST_BARS]
    names = {"voucher": _("算力券"), "cash": _("已付"), "credit": _("挂账")}
    return Chart(
        _("费用构成"),
        [row["label"][5:] if by == "day" else row["label"] for row in shown],
        # A month of refunds has no bar; the table says what it came to.
        [Series(name, [to_yuan(max(0, row[key])) for row in shown]) for key, name in names.items()],
        _("元"),
        "stack" if by == "day" else "rows",
    )


@require_safe
@require("bills.view")
def export(request, form):
    """The same table as a file."""
    _form, by, months, rows = _asked(request)
    heads = [
        BY[by],
        _("明细条数"),
        _("卡时"),
        _("费用（元）"),
        _("算力券（元）"),
        _("已付（元）"),
        _("挂账（元）"),
    ]
    if form not in ("csv", "xlsx", "pdf"):
        raise Http404
    lists.note_taken(
        screen="costs",
        query=request.GET.urlencode(),
        form=form,
        row_count=len(rows),
        by=request.user,
        organization=request.organization,
    )
    name = f"costs-{by}-{months.since:%Y%m}-{months.until:%Y%m}"
    cells = [
        [row["label"], row["line_count"], round(row["card_seconds"] / 3600, 4)]
        + [to_yuan(row[source]) for source in queries.SUMS]
        for row in rows
    ]
    if form == "csv":
        return download(csv_text(heads, cells).encode(), "text/csv; charset=utf-8", f"{name}.csv")
    if form == "pdf":
        organization = request.organization.code if request.organization else "CITY"
        printed = cost_paper(organization, by, months, rows, by=request.user, at=timezone.now())
        return paper_response(papers.vouch(printed))
    conditions = [(_("账期起"), f"{months.since:%Y-%m}"), (_("账期止"), f"{months.until:%Y-%m}")]
    return workbook_response(workbook(_("成本分析"), heads, cells, conditions), f"{name}.xlsx")
