"""What vouchers lay on the desks of firms and officers."""

from datetime import timedelta

from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.accounts.permissions import can
from portal.shell.entries import Figure, Pile, Task, address
from portal.shell.money import yuan
from subsidies.budgets.models import Programme
from subsidies.budgets.queries import standings
from subsidies.vouchers.models import Voucher
from subsidies.vouchers.queries import worths

SOON = timedelta(days=30)
MOST_SHOWN = 5


def firm_figures(request) -> list[Figure]:
    """What my firm's vouchers are worth and when the first one expires."""
    if not (request.organization and can(request.user, "vouchers.view", request.organization)):
        return []
    if can(request.user, "programmes.view"):
        return []
    mine = Voucher.objects.filter(organization_id=request.organization.id).active().order_by("expires_at")
    usable = [worth for worth in worths(mine) if worth.left]
    note = ""
    if usable:
        note = _("最近到期 %(date)s") % {"date": f"{localtime(usable[0].voucher.expires_at):%Y-%m-%d}"}
    total = yuan(sum(worth.left for worth in usable))
    return [Figure(_("可用算力券"), total, _("元"), address("vouchers:list"), note, "voucher")]


def programme_figures(request) -> list[Figure]:
    """How far the published programmes' money has gone."""
    if not can(request.user, "programmes.view"):
        return []
    found = standings(Programme.objects.filter(status=Programme.Status.PUBLISHED))
    here = address("vouchers:programmes")
    budget = sum(standing.programme.budget for standing in found)
    note = _("预算 ¥%(budget)s") % {"budget": yuan(budget)}
    return [
        Figure(_("券池余额"), yuan(sum(s.pool for s in found)), _("元"), here, note, "flag"),
        Figure(
            _("已发放"), yuan(sum(s.issued for s in found)), _("元"), address("vouchers:list"), "", "voucher"
        ),
        Figure(_("已核销"), yuan(sum(s.redeemed for s in found)), _("元"), here, "", "check"),
    ]


def soon_gone(request) -> list[Pile]:
    """For those who issue: vouchers that expire within a month."""
    if not can(request.user, "vouchers.issue"):
        return []
    now = timezone.now()
    rows = (
        Voucher.objects.active()
        .filter(expires_at__range=(now, now + SOON))
        .select_related("programme", "organization")
        .order_by("expires_at")[:MOST_SHOWN]
    )
    tasks = [
        Task(
            f"{voucher.organization} · {voucher.programme}",
            f"{address('vouchers:list')}?q={voucher.code}",
            voucher.issued_at,
            voucher.code,
            due=voucher.expires_at,
        )
        for voucher in rows
    ]
    return [Pile(_("30 天内到期的算力券"), len(tasks), tasks, address("vouchers:list"))] if tasks else []
