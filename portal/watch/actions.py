"""Raising an alarm."""

from django.db import transaction
from django.utils.translation import gettext_noop

from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import tenancy
from portal.shell.codes import new_code
from portal.watch.models import Alarm

SENTENCES = {
    Alarm.Rule.SPRAYED: gettext_noop("安全告警：地址 %(about)s 反复登录失败，请核对是否为撞库攻击。"),
    Alarm.Rule.REFUSED: gettext_noop("安全告警：%(about)s 反复访问无权或不存在的对象，请核对其操作。"),
    Alarm.Rule.PROMOTED: gettext_noop("安全告警：政府或平台岗位有变动（%(about)s），请核对是否经过批准。"),
    Alarm.Rule.ELSEWHERE: gettext_noop("安全告警：%(about)s 从陌生网络登录，请与本人核实。"),
}


@tenancy.citywide()
def raise_alarm(*, rule, about, marker, seen, at) -> Alarm:
    """Tell those who look after security. Saying it twice changes nothing."""
    with transaction.atomic():
        alarm, is_new = Alarm.objects.get_or_create(
            rule=rule,
            marker=marker[:200],
            defaults={"code": new_code("AL"), "about": about[:150], "details": seen, "raised_at": at},
        )
        if is_new:
            audit.record(alarm, "alarm.raised", by=None, rule=str(rule), about=alarm.about, **seen)
            notices.notify(
                kind=Notice.Kind.SECURITY,
                sentence=SENTENCES[rule],
                values={"about": alarm.about},
                url="/people/alarms/",
                at=at,
                action="people.manage",
            )
    return alarm
