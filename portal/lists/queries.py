"""The views a person keeps, and how far a file is."""

from django.utils.translation import gettext as _

from portal.lists.models import Export, SavedView
from portal.shell import entries
from portal.shell.entries import Operation
from portal.shell.exceptions import Refusal


def views_of(request, screen) -> list[SavedView]:
    """This reader's views of a list, asked of the database once for each request."""
    if not request.user.is_authenticated:
        return []
    kept = request.__dict__.setdefault("_saved_views", {})
    if screen.code not in kept:
        kept[screen.code] = list(SavedView.objects.filter(user=request.user, screen=screen.code))
    return kept[screen.code]


def start_of(request, screen) -> str:
    """The query of the reader's default view of a list; empty without one."""
    view = next((view for view in views_of(request, screen) if view.is_default), None)
    return f"{view.query}&view={view.code}" if view else ""


def exports_for_programs(user, reaches):
    """My files of lists that programs may take along, if their key reaches as far as the list."""
    codes = [code for code, screen in entries.screens().items() if screen.scope and reaches(screen.scope)]
    return Export.objects.visible_to(user).filter(screen__in=codes).defer("content")


def as_operation(export) -> Operation:
    """A file as long work that a program watches."""
    status = export.status
    has_failed, is_ready = status == Export.Status.FAILED, status == Export.Status.READY
    return Operation(
        code=export.code,
        kind="export",
        scope=entries.screens()[export.screen].scope,
        created_at=export.requested_at,
        progress=100 * export.rows_written // (export.row_count or 1),
        finished_at=export.finished_at,
        result=f"/api/v1/exports/{export.code}/" if is_ready else "",
        expires_at=export.expires_at,
        problem=Refusal(_("文件未能写成，请稍后重新导出。"), code="export_failed") if has_failed else None,
    )
