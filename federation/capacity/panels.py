"""The compute network on the cockpit's wall."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from federation.capacity.queries import city
from portal.shell.charts import Chart, Series
from portal.shell.districts import District
from portal.shell.entries import Figure, Panel, Place, Reading, address
from portal.shell.names import named


def _p(value) -> str:
    return f"{value:,.1f}"


def scale(at, once):
    """How much there is, and how much of it is taken."""
    whole = once(city).whole
    here = address("capacity:clusters")
    cards = _("%(cards)s 张加速卡")
    simulated = _("含模拟接入 %(p)s P") % {"p": _p(whole.p_simulated)} if whole.p_simulated else ""
    taken = whole.cards_sold + whole.cards_held
    return Reading(
        whole.at,
        [
            Figure(_("总算力"), _p(whole.p_total), "P", here, simulated),
            Figure(_("总卡数"), f"{whole.cards_total:,}", _("张"), here, _("按 FP16 稠密算力折算 P")),
            Figure(_("已售"), _p(whole.p_sold + whole.p_held), "P", here, cards % {"cards": f"{taken:,}"}),
            Figure(
                _("可售"),
                _p(whole.p_free),
                "P",
                address("storefront:list", in_stock=1),
                cards % {"cards": f"{whole.cards_free:,}"},
            ),
            Figure(_("利用率"), f"{whole.use:.1f}", "%", here, _("已售算力占总算力")),
        ],
    )


def by_district(at, once):
    """Where the compute stands."""
    its = once(city)
    parts = its.districts
    return Reading(its.whole.at, [_place(code, label, parts.get(code)) for code, label in District.choices])


def _place(code, label, part) -> Place:
    if part is None:
        return Place(code, label, value="0", unit="P", note=_("暂无接入"))
    note = _("可售 %(free)s P，利用率 %(use)s%%") % {"free": _p(part.p_free), "use": f"{part.use:.1f}"}
    url = address("capacity:clusters", district=code)
    return Place(code, label, value=_p(part.p_total), amount=part.p_total, unit="P", url=url, note=note)


def by_accelerator(at, once):
    """Which cards the compute is made of."""
    its = once(city)
    rows = [(card, part) for card, part in its.accelerators.items() if part.cards_total]
    chart = Chart(
        _("各型号算力"),
        [named(card) for card, _part in rows],
        [
            Series(_("平台外已售"), [round(part.p_sold, 1) for _card, part in rows]),
            Series(_("平台订单"), [round(part.p_held, 1) for _card, part in rows]),
            Series(_("可售"), [round(part.p_free, 1) for _card, part in rows], colour=6),
        ],
        "P",
        "rows",
        [address("capacity:clusters", accelerator=card.code) for card, _part in rows],
    )
    return Reading(its.whole.at, chart)


def clusters(at, once):
    """Which clusters answer, and how full each is."""
    its = once(city)
    rows = [
        Place(
            cluster.code,
            named(cluster),
            value=_p(part.p_total),
            unit="P",
            url=reverse("capacity:cluster", args=[cluster.code]),
            note=_("%(owner)s · 利用率 %(use)s%%")
            % {"owner": named(cluster.provider), "use": f"{part.use:.1f}"},
            state=cluster.state,
            state_word=cluster.get_state_display(),
            is_simulated=cluster.is_simulated,
        )
        for cluster, part in its.clusters.items()
    ]
    return Reading(its.whole.at, rows)


panels = [
    Panel("supply", gettext_lazy("算力规模"), scale, "figures", order=10),
    Panel("accelerators", gettext_lazy("各型号算力"), by_accelerator, "chart", order=20, side="left"),
    Panel("districts", gettext_lazy("分区算力分布"), by_district, "map", order=30, side="centre"),
    Panel("clusters", gettext_lazy("集群接入"), clusters, "list", order=20, side="right"),
]
