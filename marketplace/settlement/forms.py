"""What a provider says of its statement, and what finance says to that."""

from django import forms
from django.utils.translation import gettext_lazy as _


def _reason(label, **options):
    return forms.CharField(label=label, max_length=300, widget=forms.Textarea(attrs={"rows": 3}), **options)


class DisputeForm(forms.Form):
    reason = _reason(_("异议理由"))
    line = forms.CharField(
        label=_("有异议的账单号"), max_length=32, required=False, help_text=_("不填则对整张结算单提出异议")
    )


class ResolveForm(forms.Form):
    resolution = _reason(_("处理意见"), help_text=_("说明核对结果；差额以调账计入下一期，不改动本单。"))


class ReleaseForm(forms.Form):
    reason = _reason(_("核对结果与放行理由"), help_text=_("由另一位平台财务复核后放行。"))
