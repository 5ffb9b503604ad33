"""What a firm types to prove who it is."""

import unicodedata

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.shell import uploads
from portal.shell.exceptions import Refusal


class VerificationForm(forms.Form):
    legal_representative = forms.CharField(label=_("法定代表人"), max_length=60)
    address = forms.CharField(label=_("注册地址"), max_length=160, help_text=_("与营业执照一致"))
    contact_name = forms.CharField(label=_("企业经办人"), max_length=60)
    contact_phone = forms.CharField(
        label=_("经办人手机号"), max_length=30, help_text=_("用于审核联系，可带空格")
    )
    licence = forms.FileField(
        label=_("营业执照"), help_text=_("彩色扫描件或照片，PDF、PNG 或 JPEG，不超过 5 MB")
    )
    promise = forms.BooleanField(label=_("承诺所填内容与所附材料真实有效，并对此负责"))

    def clean_contact_phone(self):
        typed = unicodedata.normalize("NFKC", self.cleaned_data["contact_phone"])
        digits = "".join(c for c in typed if c.isdigit() or c == "+")
        if not 5 <= len(digits) <= 16:
            raise forms.ValidationError(_("请填写可以接通的电话号码。"))
        return digits

    def clean_licence(self):
        file = self.cleaned_data["licence"]
        content = file.read(uploads.DOCUMENTS.most_bytes + 1)
        try:
            uploads.check(file.name, content, uploads.DOCUMENTS)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return file.name[-120:], content

    def clean(self):
        self.cleaned_data.pop("promise", None)
        return self.cleaned_data
