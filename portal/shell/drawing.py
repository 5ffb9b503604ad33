"""What a figure, a state and a place of a table look like. Written in Python: a long list draws thousands of them."""

from datetime import datetime
from functools import lru_cache

from django.template.base import render_value_in_context
from django.template.defaultfilters import floatformat
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html, format_html_join, strip_spaces_between_tags
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.shell import glossary
from portal.shell.columns import Cell, walk
from portal.shell.money import price_words, yuan
from portal.shell.names import chosen


@lru_cache(maxsize=1024)
def icon(name, label="") -> SafeString:
    """A picture from the sprite; silent for screen readers unless it has a label."""
    words = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon" {}><use href="{}#{}"></use></svg>', words, static("shell/img/icons.svg"), name
    )


def money(fen) -> SafeString | str:
    """Fen as yuan: ¥1,234.50, with tabular figures."""
    if fen is None or fen == "":
        return "—"
    sign, kind = ("−", " is-negative") if fen < 0 else ("", "")
    return SafeString(
        f'<span class="money{kind}">{sign}<span class="money-sign">¥</span>{yuan(abs(int(fen)))}</span>'
    )


def unit_price(amount, per="") -> SafeString:
    """A Decimal price in yuan, without needless zeros behind the second place."""
    tail = f' <span class="price-unit">/ {conditional_escape(per)}</span>' if per else ""
    return SafeString(
        f'<span class="money"><span class="money-sign">¥</span>{price_words(amount)}</span>{tail}'
    )


def duration(seconds) -> str:
    """Seconds as 2:14:05, the way a meter shows them."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(abs(int(seconds)), 60)
    sign = "−" if seconds < 0 else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _marked(kind: str, tone: str, picture: str, word) -> SafeString:
    is_toned = "" if tone == "quiet" else f" is-{tone}"
    drawn = icon(picture) if picture else ""
    return SafeString(f'<span class="{kind}{is_toned}">{drawn}{conditional_escape(word)}</span>')


def badge(word, tone="quiet", icon="") -> SafeString:
    """A short fact about a thing: 国产, 可用算力券, 模拟."""
    return _marked("badge", tone, icon, word)


def status_word(value, word) -> SafeString:
    """A machine's word for a state, translated: colour, icon and word."""
    look = glossary.look(value)
    return _marked("status", look.tone, look.icon, word)


def status(row, field="status") -> SafeString:
    """The state of a row: colour, icon and word."""
    return status_word(getattr(row, field), chosen(row, field))


def bar(part, whole, label="", second=0) -> SafeString:
    """How much of a whole is taken, as a drawing with words for those who do not see it."""
    whole = float(whole or 0)
    share = min(100.0, float(part or 0) * 100 / whole) if whole else 0.0
    after = min(100.0 - share, float(second or 0) * 100 / whole) if whole else 0.0
    words = f'role="img" aria-label="{conditional_escape(label)}"' if label else 'aria-hidden="true"'
    held = f'<rect class="is-held" x="{share:.1f}" width="{after:.1f}" height="6" />' if after else ""
    return SafeString(
        f'<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" {words}>'
        f'<rect width="{share:.1f}" height="6" />{held}</svg>'
    )


def filter_options(name, options, chosen=(), kind="checkbox") -> SafeString:
    """Options of one filter: (value, label, count); a count of 0 stays visible, quietly."""
    chosen = {str(value) for value in ([chosen] if isinstance(chosen, str) else chosen or [])}
    drawn = []
    for value, label, count in options:
        quiet = "" if count else " is-none"
        checked = " checked" if str(value) in chosen else ""
        code = conditional_escape(value)
        drawn.append(
            f'<label class="filter-option{quiet}">'
            f'<input type="{kind}" id="f-{name}-{code}" name="{name}" value="{code}"{checked}> '
            f'<span>{conditional_escape(label)}</span><span class="filter-count">{count}</span></label>'
        )
    return SafeString("".join(drawn))


def filter_flag(name, label, count, is_on) -> SafeString:
    """One yes-or-no filter with what it would leave."""
    return filter_options(name, [("1", label, count)], "1" if is_on else ())


# --- places of a table -------------------------------------------------------------------------------
def _one_line(text) -> SafeString:
    return SafeString(f'<span class="nowrap">{conditional_escape(text)}</span>')


def _moment(pattern: str):
    def draw(value):
        return _one_line((localtime(value) if isinstance(value, datetime) else value).strftime(pattern))

    return draw


def _lines(values) -> SafeString:
    return format_html("<div>{}</div>", format_html_join("", "<div>{}</div>", ((one,) for one in values)))


def _codes(values) -> SafeString:
    return format_html_join(", ", '<code class="nowrap">{}</code>', ((one,) for one in values))


BY_KIND = {
    "money": money,
    "price": unit_price,
    "number": lambda value: floatformat(value, "-2"),
    "span": duration,
    "time": _moment("%Y-%m-%d %H:%M"),
    "moment": _moment("%Y-%m-%d %H:%M:%S"),
    "day": _moment("%Y-%m-%d"),
    "code": _one_line,
    "lines": _lines,
    "codes": _codes,
}


def _fact(cell: Cell, context) -> str:
    column = cell.column
    if column.template:
        with context.push(row=cell.row):
            drawn = context.template.engine.get_template(column.template).render(context)
        return strip_spaces_between_tags(drawn.strip())
    if column.kind == "status" and not column.words:
        return status(cell.holder, cell.field)
    value = cell.value
    if column.words:
        return status_word(value, column.words[value])
    if value is None or value == "":
        return conditional_escape(str(column.nothing))
    if url := cell.url:
        words = render_value_in_context(value, context)
        return f'<a href="{conditional_escape(url)}">{words}</a>'
    draw = BY_KIND.get(column.kind)
    return conditional_escape(draw(value)) if draw else render_value_in_context(value, context)


def fact(cell: Cell, context) -> SafeString:
    """What stands in one place of a table, with its small print beneath."""
    text = _fact(cell, context)
    if cell.column.unit and cell.value is not None:
        text = f"{text} {conditional_escape(str(cell.column.unit))}"
    small = "".join(f'<div class="muted small">{fact(one, context)}</div>' for one in cell.beneath)
    return SafeString(text + small)


def row(cells: list[Cell], labels: list[SafeString], context, *, can_pick=False) -> SafeString:
    """The places of one row below their labels. The first is its head, where one also picks it."""
    head, *others = cells
    box = ""
    if can_pick:
        code = walk(head.row, "code")
        box = format_html(
            '<input type="checkbox" form="bulk" name="codes" value="{}" aria-label="{}">',
            code, _("选择 %(code)s") % {"code": code},
        )  # fmt: skip
    kind = ' class="can-pick"' if can_pick else ""
    drawn = [f'<th scope="row"{kind}>{box}<div>{fact(head, context)}</div></th>']
    for cell, label in zip(others, labels[1:], strict=True):
        kind = ' class="number"' if cell.column.is_number else ""
        text = fact(cell, context)
        text = f"<div>{text}</div>" if cell.beneath else text
        drawn.append(f'<td{kind} data-label="{conditional_escape(label)}">{text}</td>')
    return SafeString("".join(drawn))
