"""What finance types to set a line right."""

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.billing.models import BillLine, BillRefund
from portal.shell.fields import YuanField


class RefundForm(forms.Form):
    """Which line, how much goes back or what the meter should have said, and why."""

    line = forms.CharField(label=_("明细号"), max_length=32, help_text=_("见“用量明细”，以 BL 开头"))
    amount = YuanField(label=_("退费金额"), required=False, help_text=_("按原资金来源比例退回"))
    seconds = forms.IntegerField(
        label=_("更正后的计量秒数"),
        min_value=0,
        max_value=10**8,
        required=False,
        help_text=_("计量有误时填写，按差额补计或退回；与退费金额二选一"),
    )
    reason_code = forms.ChoiceField(label=_("原因"), choices=BillRefund.Reason.choices)
    reason = forms.CharField(label=_("说明"), max_length=200)

    def clean_line(self):
        line = BillLine.objects.filter(code=self.cleaned_data["line"].strip().upper()).first()
        if line is None:
            raise forms.ValidationError(_("没有这条明细，请核对明细号。"))
        return line

    def clean(self):
        found = super().clean()
        if (
            "amount" in found
            and "seconds" in found
            and bool(found["amount"]) == (found["seconds"] is not None)
        ):
            self.add_error("amount", _("退费金额与更正后的计量秒数，请填写其中一项。"))
        found["amount"] = found.get("amount") or 0
        return found
