"""What finance types to let a firm owe."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.organizations.models import Organization
from portal.shell.fields import MomentField, YuanField


class CreditForm(forms.Form):
    organization = forms.ModelChoiceField(
        label=_("企业"),
        queryset=Organization.objects.filter(kind=Organization.Kind.ENTERPRISE).order_by("name"),
        to_field_name="code",
    )
    contract = forms.CharField(label=_("合同编号"), max_length=40)
    limit = YuanField(label=_("授信额度"), help_text=_("新的总额；填 0 即停用"))
    valid_until = MomentField(label=_("有效期至"))
    reason = forms.CharField(label=_("理由"), max_length=200)
