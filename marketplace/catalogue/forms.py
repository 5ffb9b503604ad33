"""What a provider types of an offer."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from federation.capacity.models import Accelerator
from marketplace.catalogue.drafts import Offer
from portal.shell import uploads
from portal.shell.exceptions import Refusal
from portal.shell.fields import MomentField


class OfferForm(forms.Form):
    accelerator = forms.ModelChoiceField(
        label=_("型号"), queryset=Accelerator.objects.order_by("name"), to_field_name="code"
    )
    unit_price = forms.DecimalField(
        label=_("单价（元/卡时）"), max_digits=14, decimal_places=8, min_value=Decimal("0.00000001")
    )
    cards_max = forms.IntegerField(label=_("单个订单最多卡数"), min_value=1)
    hours_max = forms.IntegerField(label=_("单个订单最长小时数"), min_value=1)
    is_listed = forms.BooleanField(label=_("在售"), required=False, initial=True)
    effective_from = MomentField(label=_("生效时间"), help_text=_("已下的订单仍按下单时的单价"))

    def offer(self) -> Offer:
        return Offer(**self.cleaned_data)


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
