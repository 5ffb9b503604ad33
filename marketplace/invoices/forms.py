"""What a firm types to be sent an invoice, and what finance writes down of one."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.shell.fields import YuanField


class RequestForm(forms.Form):
    amount = YuanField(label=_("开票金额"))
    address = forms.CharField(label=_("注册地址与电话"), max_length=160, required=False)
    bank = forms.CharField(label=_("开户行与账号"), max_length=160, required=False)
    email = forms.EmailField(label=_("收票邮箱"), required=False)
    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=255)


class RegisterForm(forms.Form):
    number = forms.CharField(
        label=_("发票号码"), max_length=20, help_text=_("在电子税务局开具后填写 20 位号码")
    )


class RefuseForm(forms.Form):
    refusal = forms.CharField(label=_("原因"), max_length=200)
