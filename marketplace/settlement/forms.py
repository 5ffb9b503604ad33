"""What a provider says of its statement, and what finance says to that."""

import re
from decimal import Decimal

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from federation.providers.models import Provider
from marketplace.settlement.models import Statement
from portal.organizations.models import Organization
from portal.shell.fields import YuanField


def _reason(label, **options):
    return forms.CharField(label=label, max_length=300, widget=forms.Textarea(attrs={"rows": 3}), **options)


class PercentField(forms.DecimalField):
    """Typed in percent with at most two places, cleaned to a share."""

    unit = "%"

    def __init__(self, **options):
        super().__init__(min_value=0, max_value=100, decimal_places=2, initial=0, **options)

    def clean(self, value):
        percent = super().clean(value)
        return None if percent is None else percent / 100


class DisputeForm(forms.Form):
    reason = _reason(_("异议理由"))
    line = forms.CharField(
        label=_("有异议的账单号"), max_length=32, required=False, help_text=_("不填则对整张结算单提出异议")
    )


class ResolveForm(forms.Form):
    resolution = _reason(_("处理意见"), help_text=_("说明核对结果；差额以调账计入下一期，不改动本单。"))


class AdjustmentForm(forms.Form):
    organization = forms.ModelChoiceField(
        label=_("单位"),
        queryset=Organization.objects.filter(
            Q(kind=Organization.Kind.ENTERPRISE) | Q(provider__isnull=False)
        ).order_by("name"),
        to_field_name="code",
    )
    amount = YuanField(
        label=_("金额"), min_value=None, help_text=_("正数为增加对方应得，负数为减少；服务商计入下一期结算")
    )
    reason = forms.CharField(label=_("原因"), max_length=100)
    statement = forms.ModelChoiceField(
        label=_("相关结算单号"),
        queryset=Statement.objects.all(),
        to_field_name="code",
        required=False,
        widget=forms.TextInput,
    )


class TermsForm(forms.Form):
    provider = forms.ModelChoiceField(
        label=_("服务商"), queryset=Provider.objects.order_by("name"), to_field_name="code"
    )
    effective_from = forms.DateField(
        label=_("生效日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    tax_rate = PercentField(label=_("代扣税率"))
    retention_rate = PercentField(label=_("质保金比例"))
    retention_months = forms.IntegerField(label=_("质保期（月）"), min_value=0, max_value=120, initial=0)
    bands = forms.CharField(
        label=_("可用率扣款"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("每行一档：可用率低于多少（%），扣总额的多少（%）。例如“99.9 5”。"),
    )
    clause = forms.CharField(label=_("合同条款"), max_length=80)

    def clean_bands(self):
        bands = []
        for line in self.cleaned_data["bands"].splitlines():
            if not line.strip():
                continue
            found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d{1,2})?)%?[\s,，]+(\d{1,3}(?:\.\d{1,2})?)%?\s*", line)
            shares = [Decimal(text) / 100 for text in found.groups()] if found else [Decimal(2)]
            if max(shares) > 1:
                raise forms.ValidationError(_("无法识别“%(line)s”，请按“99.9 5”填写。") % {"line": line})
            bands.append({"below": str(shares[0]), "rate": str(shares[1])})
        return bands


class ReleaseForm(forms.Form):
    reason = _reason(_("核对结果与放行理由"), help_text=_("由另一位平台财务复核后放行。"))
