"""What an administrator types about somebody who lost everything."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User


class ProposeForm(forms.Form):
    username = forms.CharField(label=_("用户名"), max_length=150)
    proof = forms.CharField(
        label=_("身份核验经过"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("如何确认是本人，例如：当面核对身份证，与入职登记照片一致"),
    )

    def clean_username(self):
        """The person of that name."""
        user = User.objects.filter(username=self.cleaned_data["username"].strip(), is_active=True).first()
        if user is None:
            raise forms.ValidationError(_("没有这个可用账号，请核对用户名。"))
        return user
