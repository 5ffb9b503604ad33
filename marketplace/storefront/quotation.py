"""An offer's price for one size and one buyer, as a paper to take to one's office."""

from datetime import timedelta
from types import SimpleNamespace

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.funding.queries import explained
from marketplace.pricing.tariffs import plain
from portal.shell.codes import new_code
from portal.shell.columns import Column
from portal.shell.names import named
from portal.shell.pdf import Paper, Table

VALID_FOR = timedelta(days=7)
LINES = (
    Column("name", gettext_lazy("项目")),
    Column("basis", gettext_lazy("依据")),
    Column("amount", gettext_lazy("金额"), "money", total="amount"),
)


def _basis(offer, units, price, size) -> str:
    """How one line comes about: the size where that is what is priced, else the units of a tier or of whole packages."""
    if len(offer.steps) == 1 and not offer.plan.package:
        return f"¥{plain(price)} / {offer.unit_word} × {size}"
    return f"¥{plain(price)} × {units.normalize():f} {offer.unit_word}"


def _how_it_is_counted(plan) -> str:
    if plan.package:
        return _("按实际用量折合的份数结算，不足一份按一份计；未开始的份退回。")
    if plan.is_reserved:
        return _("预留资源按日历天、月计费，不足一期的部分按秒折算，四舍五入到分。")
    return _("应付 = 单价 × 卡数 × 计费秒数 ÷ 3600，四舍五入到分；按实际使用的秒数结算，多余的退回。")


def quotation(offer, quote, organization, *, by, at) -> Paper:
    """The same figures that an order placed now would be charged by, and who would pay which part."""
    plan, size = offer.plan, offer.size
    price = f"¥{plain(offer.unit_price)} / {offer.unit_word}"
    parts = explained(quote)
    lines = [
        SimpleNamespace(name=named(plan.accelerator), basis=_basis(offer, units, each, size), amount=fen)
        for units, each, fen in offer.steps
    ]
    lines += [
        SimpleNamespace(name=part.label, basis=" ".join(map(str, why)), amount=-part.amount)
        for part, why in parts
        if part in quote.subsidies
    ]
    until = localtime(at + VALID_FOR)
    return Paper(
        title=_("算力服务报价单"),
        code=new_code("QT"),
        facts=[
            (_("客户"), named(organization) if organization else _("未登录访客（不含算力券）")),
            (_("服务商"), named(plan.provider)),
            (_("商品"), f"{named(plan.accelerator)}（{plan.code}）"),
            (_("用量"), size),
            (_("单价"), " · ".join([price, *offer.price_notes])),
            (_("有效期至"), f"{until:%Y-%m-%d}"),
        ],
        tables=[Table(_("费用构成"), LINES, lines)],
        notes=[
            *([_("该商品的部分集群为模拟接入，报价仅供演示。")] if offer.stock.is_simulated else []),
            *([offer.term_words] if plan.term else []),
            _how_it_is_counted(plan),
            _("算力券抵扣以下单时的余额与规则为准；本报价单不锁定价格与库存，价格以下单时目录价为准。"),
        ],
        author=str(by) if by.is_authenticated else _("访客"),
        at=at,
    )
