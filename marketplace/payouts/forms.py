"""What a provider says of its account, and finance of a payment that failed."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _


class PayoutAccountForm(forms.Form):
    holder = forms.CharField(label=_("户名"), max_length=120, help_text=_("应与单位名称一致"))
    bank_name = forms.CharField(label=_("开户行"), max_length=120)
    number = forms.CharField(label=_("账号"), max_length=40)

    def clean_number(self):
        number = re.sub(r"[\s-]", "", self.cleaned_data["number"])
        if not re.fullmatch(r"\d{8,32}", number):
            raise forms.ValidationError(_("账号应为 8 至 32 位数字，请核对。"))
        return number


class FailForm(forms.Form):
    reason = forms.CharField(
        label=_("失败原因"), max_length=200, help_text=_("例如：账号户名不符、账户已销户")
    )
