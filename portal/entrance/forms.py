"""What a security administrator types."""

from django import forms
from django.utils.translation import gettext_lazy as _


class DisableForm(forms.Form):
    reason = forms.CharField(
        label=_("停用原因"), max_length=200, help_text=_("写入审计记录，本人登录时可见。例如：已离职")
    )
