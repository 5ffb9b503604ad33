"""What a system administrator types about another system."""

from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

LOOPBACK = ("127.0.0.1", "localhost")


class CitySystemForm(forms.Form):
    name = forms.CharField(label=_("系统名称"), max_length=60, help_text=_("例如：市企业服务平台"))
    redirect_uris = forms.CharField(
        label=_("回调地址"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("每行一个，须为 https")
    )

    def clean_redirect_uris(self):
        uris = [line.strip() for line in self.cleaned_data["redirect_uris"].splitlines() if line.strip()]
        for uri in uris:
            parts = urlsplit(uri)
            is_local = settings.CITY["is_demo"] and parts.hostname in LOOPBACK
            if not parts.hostname or parts.fragment or "*" in uri:
                raise forms.ValidationError(_("“%(uri)s”不是完整的地址。"), params={"uri": uri})
            if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
                raise forms.ValidationError(_("“%(uri)s”须以 https 开头。"), params={"uri": uri})
        return uris
