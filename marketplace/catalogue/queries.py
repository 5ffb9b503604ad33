"""What a price list says, in words."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.catalogue.models import Unit
from portal.shell.money import price_words

# What one types of an order by its unit: how many of what, and for how long.
LABELS = {
    Unit.CARD_HOUR: (gettext_lazy("卡数"), gettext_lazy("小时")),
    Unit.CARD_DAY: (gettext_lazy("卡数"), gettext_lazy("天数")),
    Unit.CARD_MONTH: (gettext_lazy("卡数"), gettext_lazy("月数")),
    Unit.NODE_MONTH: (gettext_lazy("整机台数"), gettext_lazy("月数")),
    Unit.MILLION_TOKENS: (gettext_lazy("百万词元"), ""),
    Unit.PIECE: (gettext_lazy("次数"), ""),
}


def tier_words(tier, sold_as) -> str:
    """One tier of a price list."""
    return _("超过 %(above)s %(unit)s的部分 ¥%(price)s") % {
        "above": f"{tier[0].normalize():,f}",
        "unit": sold_as.get_unit_display(),
        "price": price_words(tier[1]),
    }


def package_words(sold_as, prices) -> str:
    """Of how much one package is and what it costs; empty where it is paid for what is used."""
    if not prices.package:
        return ""
    return _("每 %(package)s %(unit)s ¥%(price)s，不足一份按一份计") % {
        "package": f"{prices.package:,}",
        "unit": sold_as.get_unit_display(),
        "price": price_words(prices.package * prices.unit_price),
    }


def price_notes(sold_as, prices) -> list[str]:
    """What there is to know of a price besides the price: packages, tiers."""
    tiers = [tier_words(tier, sold_as) for tier in prices.tiers]
    return [package_words(sold_as, prices), *tiers] if prices.package else tiers


def term_words(plan, prices) -> str:
    """What one promises by buying it; empty where nothing."""
    if not plan.term:
        return ""
    return _("须承诺 %(term)d 个月；提前结束按 ¥%(price)s/%(unit)s计已用部分，不超过承诺期总价。") % {
        "term": plan.term,
        "price": price_words(prices.early_price),
        "unit": plan.get_unit_display(),
    }
