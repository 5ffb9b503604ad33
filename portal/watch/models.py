"""What the security administrator should look at."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy


class Alarm(models.Model):
    """Something that looks like an attack. The same thing raises one alarm, however often it is looked at."""

    tenant = tenancy.belongs_to()

    class Rule(models.TextChoices):
        SPRAYED = "sprayed", _("同一地址反复登录失败")
        REFUSED = "refused", _("反复访问无权或不存在的对象")
        PROMOTED = "promoted", _("授予或更改政府与平台岗位")
        ELSEWHERE = "elsewhere", _("工作人员从陌生网络登录")

    code = models.CharField(_("告警编号"), max_length=32, unique=True)
    rule = models.CharField(_("规则"), max_length=12, choices=Rule)
    about = models.CharField(_("对象"), max_length=150)
    marker = models.CharField(max_length=200)
    details = models.JSONField(default=dict)
    raised_at = models.DateTimeField(_("时间"))

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "marker"], name="one_alarm_for_the_same_thing")
        ]

    def __str__(self):
        return self.code
