"""What a buyer types."""

from decimal import Decimal

from django import forms
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from marketplace.catalogue.models import Unit
from marketplace.catalogue.queries import LABELS
from marketplace.funding.sources import at_hand
from marketplace.orders.models import Order
from marketplace.orders.placing import Request
from marketplace.orders.reservations import AHEAD, beginning
from portal.organizations.models import Project
from scheduler.workloads.actions import MOST_BYTES, MOST_FILES

MOST_WAYS = 3


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Any number of files, cleaned to (name, bytes)."""

    widget = ManyFilesInput

    def clean(self, data, initial=None):
        uploads = data if isinstance(data, list | tuple) else [data] if data else []
        if len(uploads) > MOST_FILES:
            raise forms.ValidationError(_("最多上传 %(most)d 个文件。") % {"most": MOST_FILES})
        if sum(upload.size for upload in uploads) > MOST_BYTES:
            raise forms.ValidationError(_("文件合计不能超过 10 MB，请压缩或改用数据集。"))
        return tuple((upload.name, upload.read()) for upload in uploads)


class VoucherChoices(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple


class OrderForm(forms.Form):
    """One batch job, or reserved capacity, on one plan."""

    project = forms.ModelChoiceField(label=_("项目"), queryset=Project.objects.none(), empty_label=None)
    name = forms.CharField(label=_("作业名称"), max_length=80, required=False)
    cards = forms.IntegerField(label=_("卡数"), min_value=1)
    hours = forms.DecimalField(
        label=_("时长上限"),
        min_value=Decimal("0.01"),
        max_digits=8,
        decimal_places=2,
        help_text=_("按秒计量，未用完的部分自动退回；到时作业会被停止"),
    )
    begins_on = forms.DateField(
        label=_("开始日期"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("最多可选 90 天后，不填为今天；算力自下单起为您保留，从这一天起计费"),
    )
    command = forms.CharField(
        label=_("启动命令"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "code", "spellcheck": "false"}),
        help_text=_("在上传文件所在目录执行，例如 python train.py"),
    )
    reservation = forms.ModelChoiceField(
        label=_("用预留资源运行"),
        queryset=Order.objects.none(),
        required=False,
        empty_label=_("不使用，按量计费"),
        help_text=_("在已购的预留资源内运行，不另计费"),
    )
    files = ManyFilesField(
        label=_("脚本与文件"),
        required=False,
        help_text=_("合计不超过 10 MB；可上传 .py、.sh、.txt、.json 或一个 .zip"),
    )
    vouchers = VoucherChoices(label=_("使用算力券"), required=False)

    def __init__(
        self, *args, plan, projects, vouchers, ways, reservations, renews, now, kept_files=(), **options
    ):
        super().__init__(*args, **options)
        self.plan, self.renews, self.now = plan, renews, now
        self.kept_files = kept_files
        self.fields["project"].queryset = projects
        self.fields["cards"].max_value = plan.cards_max
        self.fields["cards"].widget.attrs["max"] = plan.cards_max
        self.fields["cards"].label, self.fields["hours"].unit = LABELS[Unit(plan.unit)]
        self.fields["cards"].unit = _("台") if plan.unit == Unit.NODE_MONTH else _("卡")
        self.fields["hours"].widget.attrs["max"] = plan.length_max
        self._offer_what_is_reserved(reservations)
        self.fields["vouchers"].choices = [(choice.reference, choice.label) for choice in vouchers]
        if not vouchers:
            del self.fields["vouchers"]
        self._offer_an_order_of(ways)
        if kept_files:
            names = "、".join(path for path, _content in kept_files)
            self.fields["files"].help_text = _("已保留 %(names)s；重新选择则全部替换") % {"names": names}

    def _offer_what_is_reserved(self, reservations):
        """A job may run on what the firm has reserved; reserved capacity itself asks no job."""
        if self.plan.is_reserved:
            for name in ("command", "files", "reservation"):
                del self.fields[name]
            self.fields["name"].label = _("名称")
            self.fields["hours"].label, self.fields["hours"].unit = capfirst(self.fields["hours"].unit), ""
            self.fields["hours"].min_value = self.plan.term or 1
            self.fields["hours"].help_text = _("自开始起计；提前结束按已用时间结算")
            self._offer_days()
        elif reservations:
            self.fields["reservation"].queryset = reservations
            self.initial.setdefault("reservation", reservations[0].id)
            self.fields["reservation"].label_from_instance = lambda order: f"{order.name} · {order.size}"
        else:
            del self.fields["reservation"]
        if not self.plan.is_reserved:
            del self.fields["begins_on"]

    def _offer_days(self):
        """Today unless another day is chosen; a renewal goes on with the same cards when the old one ends."""
        day, today = self.fields["begins_on"], localtime(self.now).date()
        day.widget.attrs |= {"min": today, "max": localtime(self.now + AHEAD).date()}
        self.initial.setdefault("begins_on", today)
        if self.renews:
            self.initial |= {
                "begins_on": localtime(self.renews.ends_at).date(),
                "cards": self.renews.sold_count,
            }
            for name in ("begins_on", "cards"):
                self.fields[name].widget.attrs["readonly"] = True
            day.help_text = _("续订 %(code)s：%(end)s 到期后接着使用同样的卡") % {
                "code": self.renews.code,
                "end": f"{localtime(self.renews.ends_at):%Y-%m-%d %H:%M}",
            }

    def clean_hours(self):
        hours = self.cleaned_data["hours"]
        if self.plan.is_reserved and hours != hours.to_integral_value():
            raise forms.ValidationError(_("请填写整数。"))
        return hours

    def _offer_an_order_of(self, ways):
        """One choice for each place in line; nothing to choose where there is one way only."""
        self.places = [f"way_{n}" for n in range(min(len(ways), MOST_WAYS))] if len(ways) > 1 else []
        nothing = ("", _("不使用"))
        typed = self.initial.get("ways") or [way.reference for way in ways if way.reference in at_hand()]
        for n, place in enumerate(self.places):
            label = _("先用") if n == 0 else _("不足时用") if n == 1 else _("仍不足时用")
            choices = [nothing, *((way.reference, way.label) for way in ways)]
            self.fields[place] = forms.ChoiceField(label=label, choices=choices, required=False)
            self.initial[place] = typed[n] if n < len(typed) else ""

    def _begins_at(self):
        """None = at once."""
        if self.renews:
            return self.renews.ends_at
        day = self.cleaned_data.get("begins_on")
        return beginning(day) if day and day != localtime(self.now).date() else None

    def request(self) -> Request:
        """The cleaned order."""
        data = self.cleaned_data
        return Request(
            plan=self.plan,
            project=data["project"],
            name=data["name"],
            cards=data["cards"],
            hours=None if self.plan.is_reserved else data["hours"],
            periods=int(data["hours"]) if self.plan.is_reserved else None,
            reservation=data.get("reservation"),
            begins_at=self._begins_at(),
            renews=self.renews,
            command=data.get("command", ""),
            files=data.get("files") or self.kept_files,
            vouchers=frozenset(data.get("vouchers", ())),
            ways=tuple(dict.fromkeys(filter(None, (data[place] for place in self.places))))
            if self.places
            else None,
        )
