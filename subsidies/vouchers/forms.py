"""What an officer types to issue a voucher."""

from datetime import datetime, time

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.organizations.models import Organization
from portal.shell.fields import YuanField


class IssueForm(forms.Form):
    organization = forms.ModelChoiceField(
        label=_("企业"),
        queryset=Organization.objects.filter(kind=Organization.Kind.ENTERPRISE).order_by("name"),
        to_field_name="code",
    )
    amount = YuanField(label=_("券面金额"))
    expires_on = forms.DateField(
        label=_("有效期至"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("当日 24 时失效"),
    )
    idempotency_key = forms.CharField(widget=forms.HiddenInput)

    def clean(self):
        data = super().clean()
        day = data.pop("expires_on", None)
        if day:
            data["expires_at"] = timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
        return data
