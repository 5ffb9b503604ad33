"""What the market lays on the desks of providers and of finance."""

from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.billing.models import BillLine
from marketplace.orders.queries import month_start
from marketplace.settlement.queries import unsettled
from portal.accounts.permissions import ALL, can, organization_ids
from portal.shell.entries import Figure, Task, address
from portal.shell.money import yuan


def seller_figures(request) -> list[Figure]:
    """What a provider has earned this month, and what is not settled yet."""
    ids = organization_ids(request.user, "deliveries.view")
    if ids is ALL or not ids:
        return []
    mine = Q(provider__organization_id__in=ids)
    earned = BillLine.objects.filter(mine, billed_at__gte=month_start(timezone.now())).aggregate(
        net=Sum("provider_amount", default=0), lines=Count("id")
    )
    waiting = unsettled().filter(mine).aggregate(net=Sum("provider_amount", default=0))["net"]
    here = address("settlement:list")
    note = _("%(n)s 条账单，已扣佣金") % {"n": earned["lines"]}
    return [
        Figure(_("本月收入"), yuan(earned["net"]), _("元"), here, note, "bank"),
        Figure(_("尚未结算"), yuan(waiting), _("元"), here, _("月初结算上一期"), "statement"),
    ]


def finance_figures(request) -> list[Figure]:
    """What finance has to close: bills not yet settled."""
    if not can(request.user, "statements.close"):
        return []
    waiting = unsettled().aggregate(gross=Sum("gross", default=0), lines=Count("id"))
    note = _("%(n)s 条账单") % {"n": waiting["lines"]}
    return [
        Figure(_("待结算"), yuan(waiting["gross"]), _("元"), address("settlement:list"), note, "statement")
    ]


def answering(statement) -> Task:
    """A statement that waits for a word."""
    return Task(
        _("%(title)s 的结算单 %(code)s") % {"title": statement.title, "code": statement.code},
        statement.get_absolute_url(),
        statement.closed_at,
        state=statement.status,
        state_word=statement.get_status_display(),
        due=statement.answer_by if statement.status == statement.Status.OFFERED else None,
    )
