"""What finance copies from the bank's statement."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.organizations.models import Organization
from portal.shell.fields import YuanField


class BankReceiptForm(forms.Form):
    organization = forms.ModelChoiceField(
        label=_("企业"),
        queryset=Organization.objects.filter(kind=Organization.Kind.ENTERPRISE).order_by("name"),
        to_field_name="code",
    )
    amount = YuanField(label=_("到账金额"))
    bank_reference = forms.CharField(label=_("银行流水号"), max_length=64)
    received_on = forms.DateField(
        label=_("到账日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
