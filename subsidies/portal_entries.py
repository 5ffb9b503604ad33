"""The subsidy centre's doors and figures."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.permissions import can
from portal.shell.entries import Expandable, Figure, Hit, Navigation
from portal.shell.money import yuan
from subsidies.budgets.models import Programme
from subsidies.budgets.panels import panels as panels
from subsidies.budgets.queries import standings
from subsidies.vouchers import desk, tables
from subsidies.vouchers.api import ProgrammeSerializer, whole_programmes
from subsidies.vouchers.models import Voucher

navigation = [
    Navigation(
        gettext_lazy("算力券"),
        "vouchers:list",
        section="enterprise",
        order=25,
        icon="voucher",
        action="vouchers.view",
    ),
    Navigation(
        gettext_lazy("补贴项目"),
        "vouchers:programmes",
        section="government",
        order=10,
        icon="flag",
        action="programmes.view",
    ),
]


def pools():
    """What is left to give."""
    left = sum(s.pool for s in standings(Programme.objects.filter(status=Programme.Status.PUBLISHED)))
    return [Figure(_("算力券余额"), yuan(left // 10_000), _("万元"))]


expandables = {"programmes": Expandable("subsidies:read", ProgrammeSerializer, whole_programmes)}
figures = [pools]
desk_figures = [desk.firm_figures, desk.programme_figures]
desk_piles = [desk.soon_gone]
screens = [tables.vouchers, tables.programmes]


def found_vouchers(user, words, limit):
    """The vouchers I may see, by number or programme."""
    if not can(user, "vouchers.view"):
        return []
    rows = Voucher.objects.visible_to(user).filter(
        Q(code__istartswith=words) | Q(programme__name__icontains=words)
    )
    return [
        Hit(voucher.programme.name, f"{reverse('vouchers:list')}?q={voucher.code}", _("算力券"), voucher.code)
        for voucher in rows.select_related("programme").order_by("-id")[:limit]
    ]


def found_programmes(user, words, limit):
    """Programmes by name, for those who run or watch them."""
    if not can(user, "programmes.view"):
        return []
    rows = Programme.objects.filter(Q(name__icontains=words) | Q(code__istartswith=words)).order_by("-id")[
        :limit
    ]
    return [Hit(row.name, row.get_absolute_url(), _("补贴项目"), row.code) for row in rows]


searchers = [found_vouchers, found_programmes]
