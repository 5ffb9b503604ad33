"""What was used and what it cost, line by line."""

from django.db.models import Sum
from django.shortcuts import render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from marketplace.billing.models import BillLine
from portal.accounts.scoping import require
from portal.shell.lists import page_of
from portal.shell.money import to_yuan
from portal.shell.responses import workbook_response
from portal.shell.workbooks import workbook


def _filtered(request):
    rows = BillLine.objects.visible_to(request.user)
    month = request.GET.get("month", "")
    if (
        len(month) == 7
        and month.replace("-", "").isdigit()
        and 1 <= int(month[5:]) <= 12
        and int(month[:4]) > 2000
    ):
        rows = rows.filter(billed_at__year=int(month[:4]), billed_at__month=int(month[5:]))
    return rows.select_related("order", "organization", "project", "provider", "usage__accelerator")


@require("bills.view")
def listing(request):
    """Bill lines, newest first, with the month's totals."""
    rows = _filtered(request)
    context = {
        "page": page_of(rows, request.GET.get("cursor", "")),
        "totals": rows.aggregate(gross=Sum("gross"), voucher=Sum("voucher"), cash=Sum("cash")),
        "month": request.GET.get("month", ""),
    }
    return render(request, "billing/list.html", context)


@require("bills.view")
def export(request):
    """The same lines as a spreadsheet."""
    heads = [
        _("账单号"),
        _("订单号"),
        _("项目"),
        _("服务商"),
        _("加速卡"),
        _("卡数"),
        _("开始"),
        _("结束"),
        _("计费秒数"),
        _("单价（元/卡时）"),
        _("应付（元）"),
        _("算力券（元）"),
        _("预存款（元）"),
        _("出账时间"),
    ]
    rows = (
        [
            line.code,
            line.order.code,
            line.project.name,
            line.provider.name,
            line.usage.accelerator.name,
            line.cards,
            localtime(line.usage.started_at).replace(tzinfo=None),
            localtime(line.usage.ended_at).replace(tzinfo=None),
            line.seconds,
            line.unit_price,
            to_yuan(line.gross),
            to_yuan(line.voucher),
            to_yuan(line.cash),
            localtime(line.billed_at).replace(tzinfo=None),
        ]
        for line in _filtered(request)[:5000]
    )
    return workbook_response(workbook(_("账单"), heads, rows), "bills.xlsx")
