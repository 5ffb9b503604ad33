"""What a person types to let another system listen."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.webhooks.events import EVENTS


class EndpointForm(forms.Form):
    url = forms.CharField(
        label=_("接收地址"),
        max_length=400,
        help_text=_("对方系统的 https:// 地址，须能从公网访问"),
        widget=forms.URLInput(attrs={"placeholder": "https://erp.example.com/hooks/compute"}),
    )
    events = forms.MultipleChoiceField(
        label=_("事件"), choices=list(EVENTS.items()), widget=forms.CheckboxSelectMultiple
    )
