"""What finance types to give a line back."""

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.billing.models import BillLine, BillRefund
from portal.shell.fields import YuanField


class RefundForm(forms.Form):
    """Which line, how much, and why."""

    line = forms.CharField(label=_("明细号"), max_length=32, help_text=_("见“用量明细”，以 BL 开头"))
    amount = YuanField(label=_("退费金额"))
    reason_code = forms.ChoiceField(label=_("原因"), choices=BillRefund.Reason.choices)
    reason = forms.CharField(label=_("说明"), max_length=200)

    def clean_line(self):
        line = BillLine.objects.filter(code=self.cleaned_data["line"].strip().upper()).first()
        if line is None:
            raise forms.ValidationError(_("没有这条明细，请核对明细号。"))
        return line
