"""What a provider typed or handed in for one kind of card: checked, and written as words."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from federation.capacity.models import Accelerator
from marketplace.catalogue.models import UNITS, Kind, Unit, tariff
from marketplace.pricing import tariffs
from portal.shell.exceptions import Refusal

MOST_CARDS, MOST_HOURS, MOST_PRICE, MOST_TIERS = 4096, 8760, Decimal(10_000_000), 10
MOST_PACKAGE = 1_000_000
# As what a provider may sell; the word is also what stands in the price list.
WAYS = {
    "batch": (Kind.BATCH, Unit.CARD_HOUR, gettext_lazy("按量（卡时）")),
    "interactive": (Kind.INTERACTIVE, Unit.CARD_HOUR, gettext_lazy("开发机（卡时）")),
    "day": (Kind.RESERVED, Unit.CARD_DAY, gettext_lazy("包天（卡·天）")),
    "month": (Kind.RESERVED, Unit.CARD_MONTH, gettext_lazy("包月（卡·月）")),
    "node": (Kind.RESERVED, Unit.NODE_MONTH, gettext_lazy("整机包月（整机·月）")),
    "tokens": (Kind.TOKENS, Unit.MILLION_TOKENS, gettext_lazy("模型服务（百万词元）")),
    "service": (Kind.SERVICE, Unit.PIECE, gettext_lazy("专业服务（次）")),
}


class BadOffer(Refusal):
    """An offer that cannot be made as written."""

    code = "bad_offer"


@dataclass(frozen=True)
class Offer:
    """One line of a provider's price list."""

    accelerator: Accelerator
    unit_price: Decimal
    cards_max: int
    hours_max: int
    is_listed: bool
    effective_from: datetime
    kind: Kind = Kind.BATCH
    unit: Unit = Unit.CARD_HOUR
    term: int = 0
    tiers: tuple[tuple[Decimal, Decimal], ...] = ()
    early_price: Decimal | None = None
    package: int | None = None

    def check(self) -> None:
        if not 0 < self.unit_price <= MOST_PRICE:
            raise BadOffer(_("单价须大于 0 且不超过 10,000,000 元。"), field="unit_price")
        numbers = [self.unit_price, *(number for tier in self.tiers for number in tier)]
        if any(number != round(number, 8) for number in [*numbers, self.early_price or Decimal(0)]):
            raise BadOffer(_("单价最多 8 位小数。"), field="unit_price")
        if not 1 <= self.cards_max <= MOST_CARDS:
            raise BadOffer(_("卡数须在 1 到 %(most)d 之间。") % {"most": MOST_CARDS}, field="cards_max")
        if not 1 <= self.hours_max <= MOST_HOURS:
            raise BadOffer(_("时长须在 1 到 %(most)d 小时之间。") % {"most": MOST_HOURS}, field="hours_max")
        self._check_tariff()

    def _check_tariff(self):
        if self.unit not in UNITS[self.kind]:
            raise BadOffer(_("该商品类型不按这个单位计价。"), field="way")
        if self.term and (self.unit not in tariffs.MONTHLY or not 1 < self.term <= 12):
            raise BadOffer(_("只有包月与整机包月可以承诺月数，须在 2 到 12 之间。"), field="term")
        if bool(self.term) != (self.early_price is not None):
            raise BadOffer(_("承诺月数与提前结束的单价须同时填写。"), field="early_price")
        if self.early_price is not None and not self.unit_price <= self.early_price <= MOST_PRICE:
            raise BadOffer(_("提前结束的单价不能低于单价。"), field="early_price")
        if self.package is not None and not 1 <= self.package <= MOST_PACKAGE:
            raise BadOffer(_("每份数量须在 1 到 %(most)d 之间。") % {"most": MOST_PACKAGE}, field="package")
        if self.package and any(above % self.package for above, _price in self.tiers):
            raise BadOffer(
                _("按份计价时，阶梯的起点须是每份数量 %(package)d 的整数倍。") % {"package": self.package},
                field="tiers",
            )
        try:
            tariff(self, self)
        except ValueError as wrong:
            raise BadOffer(_("阶梯的起点须逐级升高，单价须逐级降低。"), field="tiers") from wrong
        if len(self.tiers) > MOST_TIERS or any(price <= 0 for _above, price in self.tiers):
            raise BadOffer(_("最多 10 级阶梯，每级单价须大于 0。"), field="tiers")


def read_tiers(text: str) -> tuple[tuple[Decimal, Decimal], ...]:
    """Tiers as a provider typed them. Raises BadOffer."""
    try:
        return tariffs.read_tiers(text)
    except ValueError as wrong:
        raise BadOffer(_("阶梯请写成 100:13.5;1000:12 这样的形式。"), field="tiers") from wrong


def way_of(kind, unit) -> str:
    """The key of the way in which this kind is sold by this unit."""
    return next(way for way, (one, by, _name) in WAYS.items() if (one, by) == (kind, unit))
