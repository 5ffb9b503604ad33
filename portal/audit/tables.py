"""The record, and what an event or a version changed."""

from django.utils.translation import gettext_lazy as _

from portal.shell.columns import Column

EVENTS = (
    Column("happened_at", _("时间"), "moment"),
    Column("meaning", _("事件"), url="seal.get_absolute_url"),
    Column("subject_code", _("对象"), template="audit/_subject.html"),
    Column("actor", _("经办"), nothing=_("系统")),
    Column("organization", _("单位")),
    Column("seal", _("封存"), template="audit/_seal.html"),
)
VERSION = (
    Column("label", _("变更项")),
    Column("before", _("变更前")),
    Column("after", _("变更后"), template="audit/_after.html"),
)
CHANGES = (Column("label", _("变更项"), template="audit/_label.html"), *VERSION[1:])
