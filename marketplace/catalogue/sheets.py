"""A provider's price list as a spreadsheet: written out to be edited, read back whole or not at all."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from io import BytesIO
from zipfile import BadZipFile

from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from federation.capacity.models import Accelerator
from marketplace.catalogue.offers import WAYS, Offer, read_tiers, way_of
from marketplace.pricing.tariffs import plain, write_tiers
from portal.shell.exceptions import Refusal

MOST_ROWS, MOST_SHOWN = 1000, 20
WIDTH = 11
YES = {"是", "yes", "true", "1"}
NO = {"否", "no", "false", "0"}


class BadSheet(Refusal):
    """A price list that cannot be taken; the sentence names every row."""

    code = "bad_sheet"


@dataclass(frozen=True)
class _Row:
    number: int
    cells: tuple


def heads() -> list[str]:
    """The columns, in order."""
    return [
        _("型号编码"),
        _("单价（元）"),
        _("单个订单最多卡数"),
        _("单个订单最长小时数"),
        _("在售（是/否）"),
        _("生效时间"),
        _("销售方式"),
        _("阶梯价"),
        _("承诺月数"),
        _("提前结束的单价（元）"),
        _("每份数量"),
    ]


def row_of(plan, at) -> list:
    """A plan as it is sold now, as a line of the sheet."""
    *_kind, way = WAYS[way_of(plan.kind, plan.unit)]
    return [
        plan.accelerator.code,
        plan.unit_price.normalize(),
        plan.cards_max,
        plan.hours_max,
        _("是") if plan.is_listed else _("否"),
        localtime(at).replace(tzinfo=None, second=0, microsecond=0),
        str(way),
        write_tiers(plan.tiers),
        plan.term or None,
        plain(plan.early_price) if plan.early_price else None,
        plan.package,
    ]


def read(content: bytes) -> list[Offer]:
    """Every row as an offer. Raises BadSheet with what is wrong in each row; then nothing is taken."""
    known = {accelerator.code: accelerator for accelerator in Accelerator.objects.all()}
    offers, problems = [], []
    seen: dict[tuple, int] = {}
    for row in _rows(content):
        try:
            offer = _offer(row.cells, known)
            offer.check()
            what = (offer.accelerator.code, offer.kind, offer.unit, offer.term)
            if what in seen:
                raise BadSheet(_("与第 %(n)d 行重复。") % {"n": seen[what]})
        except Refusal as refusal:
            problems.append(_("第 %(n)d 行：%(why)s") % {"n": row.number, "why": refusal.message})
        else:
            seen[what] = row.number
            offers.append(offer)
    if problems:
        more = len(problems) - MOST_SHOWN
        tail = [_("另有 %(n)d 行有误。") % {"n": more}] if more > 0 else []
        raise BadSheet(" ".join(problems[:MOST_SHOWN] + tail), field="file")
    if not offers:
        raise BadSheet(_("表中没有数据，请从第 2 行开始填写。"), field="file")
    return offers


def _rows(content):
    try:
        sheet = load_workbook(BytesIO(content), read_only=True, data_only=True).worksheets[0]
        found = [
            _Row(n, cells[:WIDTH])
            for n, cells in enumerate(sheet.iter_rows(min_row=2, max_row=MOST_ROWS + 2, values_only=True), 2)
            if any(cell not in (None, "") for cell in cells)
        ]
    except (BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, OSError) as broken:
        raise BadSheet(_("不是可读的 .xlsx 文件，请用模板重新导出。"), field="file") from broken
    if len(found) > MOST_ROWS:
        raise BadSheet(_("一次最多导入 %(most)d 行。") % {"most": MOST_ROWS}, field="file")
    return found


def _offer(cells, known) -> Offer:
    cells = (*cells, *[None] * (WIDTH - len(cells)))
    code, price, cards, hours, listed, moment, way, tiers, term, early, package = cells
    accelerator = known.get(str(code or "").strip())
    if accelerator is None:
        raise BadSheet(_("没有型号编码“%(code)s”。") % {"code": str(code or "")[:40]})
    kind, unit = _way(way)
    return Offer(
        accelerator=accelerator,
        unit_price=_number(price, _("单价")),
        cards_max=_whole(cards, _("卡数")),
        hours_max=_whole(hours, _("时长")),
        is_listed=_yes_or_no(listed),
        effective_from=_moment(moment),
        kind=kind,
        unit=unit,
        term=_whole(term or 0, _("承诺月数")),
        tiers=read_tiers(str(tiers or "")),
        early_price=None if early in (None, "") else _number(early, _("提前结束的单价")),
        package=None if package in (None, "") else _whole(package, _("每份数量")),
    )


def _way(cell):
    """How a row is sold: by its word or its key; by the card-hour where nothing is said."""
    word = str(cell or "batch").strip()
    for way, (kind, unit, name) in WAYS.items():
        if word in (way, str(name)):
            return kind, unit
    names = "、".join(str(name) for _kind, _unit, name in WAYS.values())
    raise BadSheet(_("“销售方式”请从这些中选：%(names)s。") % {"names": names})


def _number(cell, name) -> Decimal:
    try:
        # A spreadsheet's own numbers are binary; what was typed is their shortest decimal.
        number = Decimal(str(cell).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise BadSheet(_("%(name)s“%(cell)s”不是数字。") % {"name": name, "cell": str(cell)[:40]})
    return number


def _whole(cell, name) -> int:
    number = _number(cell, name)
    if number != number.to_integral_value():
        raise BadSheet(_("%(name)s须为整数。") % {"name": name})
    return int(number)


def _yes_or_no(cell) -> bool:
    word = str(cell).strip().lower()
    if word not in YES | NO:
        raise BadSheet(_("“在售”请填“是”或“否”。"))
    return word in YES


def _moment(cell) -> datetime:
    if not isinstance(cell, datetime):
        try:
            cell = datetime.fromisoformat(str(cell).strip())
        except ValueError as wrong:
            raise BadSheet(_("生效时间请写成 2026-12-01 00:00 这样的形式。")) from wrong
    return cell if cell.tzinfo else cell.replace(tzinfo=get_current_timezone())
