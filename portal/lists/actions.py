"""Keeping views, asking for files, and writing them."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.accounts.models import User
from portal.accounts.permissions import memberships
from portal.audit import actions as audit
from portal.lists.models import Export, SavedView
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal

KEPT = timedelta(days=7)
MOST_VIEWS = 20
MOST_WAITING = 3


def save_view(*, screen, name, query, is_default, by, at) -> SavedView:
    """Keep a list's conditions under a name; the same name means the new conditions."""
    if not name:
        raise Refusal(_("请给视图起一个名称。"), field="name")
    with transaction.atomic():
        # Two windows saving at once would both make theirs the default.
        User.objects.select_for_update(no_key=True).get(id=by.id)
        mine = SavedView.objects.filter(user=by, screen=screen)
        if mine.exclude(name=name).count() >= MOST_VIEWS:
            raise Refusal(_("每个列表最多保存 20 个视图，请先删除不用的。"))
        if is_default:
            mine.update(is_default=False)
        view, _is_new = SavedView.objects.update_or_create(
            user=by,
            screen=screen,
            name=name,
            defaults={"query": query, "is_default": is_default},
            create_defaults={
                "query": query,
                "is_default": is_default,
                "code": new_code("VW"),
                "created_at": at,
            },
        )
    return view


def forget_view(*, code, by):
    """Throw one view away."""
    SavedView.objects.filter(user=by, code=code).delete()


def request_export(*, screen, query, form, row_count, language, by, at) -> Export:
    """Ask for a long list as a file; the row waits for a worker."""
    with transaction.atomic():
        waiting = Export.objects.filter(user=by, status=Export.Status.QUEUED)
        if waiting.count() >= MOST_WAITING:
            raise Refusal(_("您已有 3 个导出在排队，请等它们完成后再试。"), code="too_many_exports")
        export = Export.objects.create(
            code=new_code("EX"),
            user=by,
            organizations=sorted({m.organization_id for m in memberships(by)}),
            screen=screen,
            query=query,
            form=form,
            row_count=row_count,
            language=language,
            requested_at=at,
        )
        audit.record(export, "export.requested", by=by, list=screen, query=query, rows=row_count, form=form)
    return export


def note_taken(*, screen, query, form, row_count, by, organization) -> None:
    """Somebody took these rows of a list along at once, as a file."""
    audit.record(
        by,
        "export.taken",
        by=by,
        organization=organization,
        list=screen,
        query=query,
        rows=row_count,
        form=form,
    )


def finish(*, export_id, content, filename, at) -> Export:
    """The file is written: keep it a week and tell its asker. Saying it twice changes nothing."""
    with transaction.atomic():
        export = Export.objects.select_for_update(of=("self",), no_key=True).get(id=export_id)
        if export.status != Export.Status.QUEUED:
            return export
        status.move(
            export,
            Export.Status.READY,
            content=content,
            filename=filename,
            rows_written=export.row_count,
            finished_at=at,
            expires_at=at + KEPT,
        )
        notices.notify(
            kind=Notice.Kind.SYSTEM,
            sentence=gettext_noop("导出文件已生成：%(filename)s，%(rows)s 条，7 天内可下载"),
            values={"filename": filename, "rows": export.row_count},
            url="/exports/",
            user=export.user,
            at=at,
        )
    return export


def note_progress(*, export_id, rows_written):
    """So many rows are in the file."""
    Export.objects.filter(id=export_id, status=Export.Status.QUEUED).update(rows_written=rows_written)


def give_up(*, export_id, at):
    """It could not be written; its asker sees so and may ask again."""
    with transaction.atomic():
        export = Export.objects.select_for_update(of=("self",), no_key=True).get(id=export_id)
        if export.status == Export.Status.QUEUED:
            status.move(export, Export.Status.FAILED, finished_at=at)


def expire(*, at) -> int:
    """Throw the content of old files away."""
    with transaction.atomic():
        old = Export.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(
            status=Export.Status.READY, expires_at__lte=at
        )
        return len([status.move(export, Export.Status.EXPIRED, content=None) for export in old])
