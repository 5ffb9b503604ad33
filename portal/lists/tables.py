"""The list of files somebody asked for."""

from django.utils.translation import gettext_lazy as _

from portal.lists.models import Export
from portal.shell import entries
from portal.shell.screens import Column, Empty, ListScreen


def with_titles(rows) -> list[Export]:
    """Each with the title of the list it was made of."""
    rows = list(rows)
    for row in rows:
        screen = entries.screens().get(row.screen)
        row.title = screen.title if screen else row.screen
    return rows


screen = ListScreen(
    "exports",
    _("导出文件"),
    lead=_("超过 5,000 条的列表在后台写成文件，完成后通知您；文件只有您能下载，保留 7 天。"),
    rows=lambda user: Export.objects.visible_to(user).defer("content"),
    prepare=with_titles,
    tabs="status",
    columns=(
        Column("title", _("列表")),
        Column("code", _("编号"), "code", beneath="title"),
        Column("filename", _("文件"), url="get_absolute_url"),
        Column("row_count", _("条数"), "number", sort="row_count"),
        Column("requested_at", _("申请时间"), "time", sort="requested_at"),
        Column("expires_at", _("保留至"), "time"),
        Column("status", _("状态"), "status"),
    ),
    empty=Empty(_("没有导出文件"), _("在列表右上角选择“导出”；5,000 条以内立即下载。"), icon="download"),
)
