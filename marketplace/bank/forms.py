"""What finance hands in and says of a line."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.organizations.models import Organization
from portal.shell import uploads
from portal.shell.exceptions import Refusal


class BankFileForm(forms.Form):
    file = forms.FileField(label=_("银行对账单"), help_text=_("CSV（UTF-8 或 GBK）或 CAMT.053，不超过 10 MB"))

    def clean_file(self):
        file = self.cleaned_data["file"]
        content = file.read(uploads.STATEMENTS.most_bytes + 1)
        try:
            uploads.check(file.name, content, uploads.STATEMENTS)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return file.name, content


class AssignForm(forms.Form):
    organization = forms.ModelChoiceField(
        label=_("入账单位"),
        queryset=Organization.objects.filter(kind=Organization.Kind.ENTERPRISE).order_by("name"),
        to_field_name="code",
    )


class ExplainForm(forms.Form):
    explanation = forms.CharField(
        label=_("说明"), max_length=200, help_text=_("例如：9 月账户管理费、存款利息")
    )


class CloseDayForm(forms.Form):
    on = forms.DateField(
        label=_("日结日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
