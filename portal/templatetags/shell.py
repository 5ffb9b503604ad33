"""The components of the house, as template tags: `{% load shell %}`."""

from functools import cache
from itertools import groupby

from django import template
from django.core.paginator import Page
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.accounts.permissions import can, memberships
from portal.shell import assets, drawing, entries, maps, sms
from portal.shell.columns import Cell, drawn, walk
from portal.shell.districts import District
from portal.shell.masking import mask_credit_code, mask_email, mask_name, mask_phone
from portal.shell.names import named

register = template.Library()


@register.simple_tag
def stylesheet(kind, size=""):
    """The sheet of a kind of page for the size of letters this reader chose."""
    tail = f"-{size}" if size in ("large", "larger") else ""
    return format_html('<link rel="stylesheet" href="{}">', static(f"shell/css/{kind}{tail}.css"))


for draws in (
    drawing.badge,
    drawing.bar,
    drawing.filter_flag,
    drawing.filter_options,
    drawing.icon,
    drawing.money,
    drawing.status,
    drawing.status_word,
    drawing.unit_price,
):
    register.simple_tag(draws)
register.filter("money", drawing.money)
register.filter("duration", drawing.duration)
register.filter("named", named)
register.filter("masked_phone", mask_phone)
register.filter("masked_email", mask_email)
register.filter("masked_name", mask_name)
register.filter("masked_credit_code", mask_credit_code)


@register.filter
def district(code):
    """A district's name for its code."""
    return District(code).label if code in District.values else code


@register.filter
def commas(amount, places=0):
    """A number as people read it: 1,028.5."""
    return f"{amount:,.{places}f}"


@register.filter
def percent(share):
    """A share as 20%, without needless zeros."""
    return f"{(share * 100).normalize():f}%"


@register.filter
def may(user, action):
    """May this reader do it somewhere?"""
    return can(user, action)


@register.filter
def has(those, one):
    """Is it among them?"""
    return one in those


@register.filter
def negative(amount):
    """The other side of an entry."""
    return -amount


@register.simple_tag(takes_context=True)
def without(context, name, value=None):
    """This page's address with one wish (or one value of it) taken away."""
    wishes = context["request"].GET.copy()
    wishes.setlist(name, [kept for kept in wishes.getlist(name) if value is not None and kept != str(value)])
    for gone in (name, "page", "cursor"):
        if not wishes.getlist(gone) or gone != name:
            wishes.pop(gone, None)
    return f"?{wishes.urlencode()}"


@register.inclusion_tag("components/stat.html")
def stat(label, value, unit="", url="", note="", icon="", tone=""):
    """One large number that opens its list."""
    return {
        "label": label,
        "value": value,
        "unit": unit,
        "url": url,
        "note": note,
        "icon": icon,
        "tone": tone,
    }


@register.inclusion_tag("components/empty.html")
def empty(title, body="", url="", action="", icon="inbox", level=2):
    """Nothing here, and what to do next."""
    return {"title": title, "body": body, "url": url, "action": action, "icon": icon, "level": level}


@register.inclusion_tag("components/print_head.html", takes_context=True)
def print_head(context, code):
    """What a sheet of paper says of itself: whose it is, its number, who printed it and when."""
    return {
        "city": context["city"],
        "request": context["request"],
        "code": code,
        "printed_at": timezone.now(),
    }


@register.inclusion_tag("components/facts.html", takes_context=True)
def facts(context, row, columns, kind=""):
    """The facts of one row, declared like the columns of a list."""
    cells = [Cell(column, row) for column in columns]
    return {"cells": cells, "kind": kind, "request": context.get("request")}


@register.inclusion_tag("components/table.html", takes_context=True)
def table(context, title, columns, rows, total=None, is_long=False):
    """Rows by their columns, as a paper has them; `total` has what stands at the foot of those that name a total.

    A long one has narrow lines, and its heads stay in sight.
    """
    tops = [column for column in columns if not column.beneath]
    return {
        "title": title,
        "columns": tops,
        "labels": [conditional_escape(str(column.label)) for column in tops],
        "rows": drawn(rows, columns),
        "totals": [(c, walk(total, c.total) if c.total else None) for c in tops] if total else [],
        "is_long": is_long,
        "request": context.get("request"),
    }


@register.simple_tag(takes_context=True)
def fact(context, cell):
    """What a cell has to say."""
    return drawing.fact(cell, context)


@register.simple_tag(takes_context=True)
def row_cells(context, cells, labels, can_pick=False):
    """The places of a row of a table."""
    return drawing.row(cells, labels, context, can_pick=bool(can_pick))


@register.inclusion_tag("components/timeline.html")
def timeline(events):
    """What happened, newest first: events have at, title and perhaps by, detail, tone, url."""
    return {"events": events}


@register.inclusion_tag("components/stages.html")
def stages(steps):
    """The road of a thing: steps have label, state (done, now, bad, next) and perhaps at."""
    return {"steps": steps}


@register.inclusion_tag("components/breadcrumb.html")
def breadcrumb(*crumbs):
    """`{% breadcrumb "算力市场" market_url "昇腾 910B" %}`: label and address in turn; the last is here."""
    pairs = [(crumbs[i], crumbs[i + 1] if i + 1 < len(crumbs) else "") for i in range(0, len(crumbs), 2)]
    return {"crumbs": pairs}


def _window(page: Page):
    last = page.paginator.num_pages
    return [n for n in range(1, last + 1) if n in (1, last) or abs(n - page.number) <= 2]


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context, page, target=""):
    """Pages of a list, by number (a Django Page) or by cursor (has next_cursor, previous_cursor)."""
    numbers = _window(page) if isinstance(page, Page) else []
    return {"page": page, "numbers": numbers, "target": target, "request": context.get("request")}


@register.inclusion_tag("components/sort.html", takes_context=True)
def sort(context, key, label, is_number=False):
    """A column head that sorts on the server: `?ordering=key` and back."""
    now = context["request"].GET.get("ordering", "")
    direction = {"": "", key: "ascending", f"-{key}": "descending"}.get(now, "")
    return {
        "request": context["request"],
        "label": label,
        "direction": direction,
        "next": f"-{key}" if now == key else key,
        "is_number": is_number,
    }


@register.inclusion_tag("components/sort_link.html", takes_context=True)
def sort_link(context, key, label):
    """The same where a phone shows cards and no column heads."""
    return sort(context, key, label)


@register.inclusion_tag("components/chart.html")
def chart(chart, level=3):
    """A Chart: table, server drawing, and the browser's livelier one when it is there."""
    return {"chart": chart, "level": level}


@register.inclusion_tag("components/map.html")
def district_map(rows, title):
    """The schematic city: each district's number, brighter for more."""
    return {"rows": rows, "shapes": maps.draw(rows), "view": maps.VIEW, "title": title}


@register.simple_tag
def charts_script():
    """Where the browser finds ECharts, or nothing: then the drawing and the table stay."""
    return assets.charts_url()


@register.inclusion_tag("components/copy.html")
def copy(text, label=""):
    """A button that copies a code or a command."""
    return {"text": text, "label": label or _("复制")}


@register.inclusion_tag("components/contact.html", takes_context=True)
def contact(context, person, organization=None):
    """How to reach somebody, masked; whoever may see more asks for it, which is on the record."""
    return {
        "person": person,
        "may_reveal": can(context["request"].user, "personal.reveal", organization),
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def sms_is_simulated():
    """Must the page say that no short message will arrive?"""
    return sms.is_simulated()


@register.simple_tag(takes_context=True)
def my_organizations(context):
    """The organisations whose hat this reader may wear."""
    return [membership.organization for membership in memberships(context["request"].user)]


@register.simple_block_tag
def panel(content, title, level=2, note="", foot="", code=""):
    """A framed part of a page: `{% panel "费用明细" %}…{% endpanel %}`."""
    return render_to_string(
        "components/panel.html",
        {"content": content, "title": title, "level": level, "note": note, "foot": foot, "code": code},
    )


@register.simple_block_tag
def dialog(content, code, title):
    """A modal: opened by `<button data-dialog="code">`, closed by Esc or `data-close`."""
    return render_to_string("components/dialog.html", {"content": content, "code": code, "title": title})


@register.simple_block_tag
def notice(content, tone="info", title=""):
    """A sentence that must be seen: info, ok, warn or bad."""
    return render_to_string("components/notice.html", {"content": content, "tone": tone, "title": title})


# A door leads to the same place for everybody.
_url_of = cache(entries.address)


def _doors(context, is_wanted):
    here = getattr(context.get("request"), "path", "")
    for door in context.get("navigation") or ():
        if is_wanted(door.section) and (url := _url_of(door.url_name)):
            yield {
                "label": door.label,
                "url": url,
                "icon": door.icon,
                "section": door.section,
                "is_here": _within(here, url),
            }


def _within(here, url):
    return here == url or (url != "/" and here.startswith(url))


def _only_nearest(doors):
    """Of several doors above this page, only the longest is marked."""
    nearest = max((d["url"] for d in doors if d["is_here"]), key=len, default=None)
    return [d | {"is_here": d["url"] == nearest} for d in doors]


@register.simple_tag(takes_context=True)
def public_doors(context):
    """The navigation everybody sees."""
    return _only_nearest(list(_doors(context, lambda section: section == entries.PUBLIC)))


@register.simple_tag(takes_context=True)
def console_doors(context):
    """The navigation of signed-in people, section by section."""
    doors = _only_nearest(list(_doors(context, lambda section: section != entries.PUBLIC)))
    order = list(entries.SECTIONS)
    doors.sort(key=lambda d: order.index(d["section"]) if d["section"] in order else len(order))
    return [
        (entries.SECTIONS.get(section, section), list(rows))
        for section, rows in groupby(doors, key=lambda d: d["section"])
    ]


@register.simple_tag(takes_context=True)
def other_language(context):
    """The language this reader is not reading now: (code, its own name)."""
    return ("zh-hans", "中文") if (get_language() or "").startswith("en") else ("en", "English")
