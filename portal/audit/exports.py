"""The record as a table for an office."""

import csv as library
import io
import json

from django.utils import timezone
from django.utils.translation import gettext as _

MOST = 50_000
# A spreadsheet would calculate a cell that begins like this.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv(rows):
    """Line by line, with the mark that makes a spreadsheet read Chinese."""
    yield "\ufeff" + line(
        [
            _("时间"), _("事件"), _("说明"), _("对象"), _("经办"), _("单位"), _("请求编号"), _("内容"),
            _("审计链"), _("位置"), _("摘要"),
        ]
    )  # fmt: skip
    for event in rows.iterator(chunk_size=1000):
        seal = getattr(event, "seal", None)
        yield line(
            [
                timezone.localtime(event.happened_at).isoformat(),
                event.name,
                event.meaning,
                event.subject_code,
                event.actor.username if event.actor else "",
                event.organization.code if event.organization else "",
                event.request_id,
                json.dumps(event.details, ensure_ascii=False, sort_keys=True),
                seal.chain if seal else "",
                seal.position if seal else "",
                seal.digest if seal else "",
            ]
        )


def line(cells) -> str:
    """One row, with cells that stay text."""
    out = io.StringIO()
    library.writer(out).writerow(
        [f"'{c}" if isinstance(c, str) and c.startswith(FORMULA) else c for c in cells]
    )
    return out.getvalue()
