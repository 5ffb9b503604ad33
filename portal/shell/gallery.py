"""Every component in every state on one page, for those who build pages."""

from datetime import datetime, timedelta

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.shell import glossary
from portal.shell.charts import Chart, Series
from portal.shell.columns import Column
from portal.shell.districts import District

ROWS = ("running", "finished", "failed", "awaiting_approval")


class SampleForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("作业名称"), max_length=40)
    cards = forms.IntegerField(
        label=gettext_lazy("卡数"), min_value=1, help_text=gettext_lazy("1 至 64 张，按整卡计费。")
    )
    cards.unit = gettext_lazy("张")  # type: ignore[attr-defined]
    district = forms.ChoiceField(label=gettext_lazy("所在区"), choices=District)
    files = forms.FileField(
        label=gettext_lazy("附件"), required=False, help_text=gettext_lazy("合计不超过 10 MB。")
    )
    command = forms.CharField(
        label=gettext_lazy("启动命令"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "is-code"}),
    )
    billing = forms.ChoiceField(
        label=gettext_lazy("支付方式"),
        widget=forms.RadioSelect,
        choices=[("voucher", gettext_lazy("先用算力券")), ("wallet", gettext_lazy("只用余额"))],
    )
    agreed = forms.BooleanField(label=gettext_lazy("我已阅读并同意服务协议"))


def _samples():
    now = timezone.make_aware(datetime(2026, 11, 21, 9, 30))
    months = [f"2026-{month:02}" for month in range(1, 12)]
    return {
        "looks": sorted(glossary.LOOKS),
        "events": [
            {"at": now, "title": _("作业完成"), "detail": _("实际用时 2 小时 14 分"), "tone": "ok"},
            {"at": now - timedelta(hours=2), "title": _("开始运行"), "by": _("平台")},
            {"at": now - timedelta(hours=3), "title": _("审批未通过"), "by": _("企业管理员"), "tone": "bad"},
        ],
        "steps": [
            {"label": _("下单"), "state": "done", "at": now},
            {"label": _("审批"), "state": "done", "at": now},
            {"label": _("运行"), "state": "now", "at": now},
            {"label": _("计费"), "state": "next"},
            {"label": _("结算"), "state": "next"},
        ],
        "columns": (
            Column("code", _("编号"), "code"),
            Column("cards", _("卡数"), "number", total="cards"),
            Column("amount", _("金额"), "money", total="amount"),
            Column("status", _("状态"), "status", words={word: word for word in ROWS}),
        ),
        "rows": [
            {"code": f"OD261121-7K2MPX4{n}", "cards": 8 * n, "amount": 123450 * n, "status": word}
            for n, word in enumerate(ROWS, 1)
        ],
        "totals": {"cards": 80, "amount": 1234500},
        "charts": [
            Chart(
                _("算力券发放与兑付"),
                months,
                [
                    Series(_("发放"), [120, 180, 210, 160, 260, 240, 300, 280, 320, 260, 190]),
                    Series(_("兑付"), [40, 96, 130, 120, 168, 170, 220, 214, 240, 206, 142]),
                ],
                _("万元"),
            ),
            Chart(
                _("各区算力"),
                District.labels,
                [
                    Series(_("已售"), [310, 120, 560, 180, 90, 210]),
                    Series(_("可售"), [310, 290, 620, 206, 262, 324]),
                ],
                "P",
                "stack",
            ),
            Chart(
                _("利用率趋势"),
                months,
                [Series(_("利用率"), [41, 45, 52, 58, 61, 60, 66, 64, 70, 72, 68])],
                "%",
                "line",
            ),
            Chart(
                _("加速卡型号构成"),
                ["昇腾 910B", "H20", "A800", "海光 K100"],
                [Series(_("卡数"), [5200, 2400, 1800, 960])],
                _("张"),
                "donut",
            ),
            Chart(_("暂无数据的图"), [], [Series(_("卡数"), [])]),
        ],
    }


def components(request):
    """Open while developing, and to staff."""
    if not (settings.DEBUG or request.user.is_staff):
        raise Http404
    form = SampleForm(request.GET if "cards" in request.GET else None)
    page = Paginator(range(240), 20).get_page(request.GET.get("page", 3))
    return render(request, "shell/components.html", {"form": form, "page": page, **_samples()})
