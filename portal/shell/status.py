"""Rows move only along the arrows their model names."""

from django.utils.translation import gettext as _

from portal.shell.exceptions import IllegalMove


def move(row, to, **fields):
    """Take a locked row one step along its NEXT table and save what changed with it."""
    if to not in row.NEXT.get(row.status, frozenset()):
        raise IllegalMove(
            _("当前状态为“%(now)s”，不能变为“%(to)s”。请刷新页面查看最新状态。")
            % {"now": row.get_status_display(), "to": type(row).Status(to).label}
        )
    row.status = to
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=["status", *fields])
    return row
