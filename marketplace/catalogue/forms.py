"""What a provider types of an offer."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from federation.capacity.models import Accelerator
from marketplace.catalogue.offers import WAYS, Offer, read_tiers
from portal.shell import uploads
from portal.shell.exceptions import Refusal
from portal.shell.fields import MomentField


class OfferForm(forms.Form):
    accelerator = forms.ModelChoiceField(
        label=_("型号"), queryset=Accelerator.objects.order_by("name"), to_field_name="code"
    )
    way = forms.ChoiceField(
        label=_("销售方式"), choices=[(way, name) for way, (*_kind, name) in WAYS.items()]
    )
    unit_price = forms.DecimalField(
        label=_("单价（元）"),
        max_digits=16,
        decimal_places=8,
        min_value=Decimal("0.00000001"),
        help_text=_("每个计价单位的价格，如每卡时、每卡·月"),
    )
    tiers = forms.CharField(
        label=_("阶梯价"),
        required=False,
        max_length=300,
        help_text=_("如 100:13.5;1000:12，即超过 100 的部分 13.5 元，超过 1000 的部分 12 元；不分级则留空"),
    )
    package = forms.IntegerField(
        label=_("每份数量"),
        required=False,
        min_value=1,
        help_text=_("按份计价时填写，如 100，即每 100 个计价单位一份，不足一份按一份计；不按份则留空"),
    )
    term = forms.IntegerField(
        label=_("承诺月数"),
        required=False,
        min_value=0,
        max_value=12,
        help_text=_("包月可填 2–12；不承诺则留空"),
    )
    early_price = forms.DecimalField(
        label=_("提前结束的单价（元）"),
        required=False,
        max_digits=16,
        decimal_places=8,
        min_value=Decimal("0.00000001"),
        help_text=_("承诺未满时按此价计已用部分，不超过承诺期总价"),
    )
    cards_max = forms.IntegerField(label=_("单个订单最多卡数"), min_value=1)
    hours_max = forms.IntegerField(label=_("单个订单最长小时数"), min_value=1)
    is_listed = forms.BooleanField(label=_("在售"), required=False, initial=True)
    effective_from = MomentField(label=_("生效时间"), help_text=_("已下的订单仍按下单时的单价"))

    def clean_tiers(self):
        try:
            return read_tiers(self.cleaned_data["tiers"])
        except Refusal as refusal:
            raise forms.ValidationError(refusal.message) from refusal

    def offer(self) -> Offer:
        data = dict(self.cleaned_data)
        kind, unit, _name = WAYS[data.pop("way")]
        return Offer(kind=kind, unit=unit, **data | {"term": data["term"] or 0})


class SheetForm(forms.Form):
    file = forms.FileField(label=_("价格表"), help_text=_("按模板填写的 .xlsx，整份导入或整份退回"))

    def clean_file(self):
        file = self.cleaned_data["file"]
        content = file.read(uploads.SHEETS.most_bytes + 1)
        try:
            uploads.check(file.name, content, uploads.SHEETS)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return content
