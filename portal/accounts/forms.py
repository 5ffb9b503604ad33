"""What a newcomer types."""

from allauth.account.forms import SignupForm as BaseSignupForm
from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.scopes import SCOPES


class SignupForm(BaseSignupForm):
    """A person and, if they come for a firm, the firm."""

    name = forms.CharField(label=_("姓名"), max_length=60)

    def save(self, request):
        user = super().save(request)
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
        return user


class TokenForm(forms.Form):
    name = forms.CharField(label=_("用途"), max_length=60, help_text=_("例如：训练平台自动下单"))
    scopes = forms.MultipleChoiceField(
        label=_("权限范围"), choices=list(SCOPES.items()), widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label=_("有效期"),
        coerce=int,
        choices=[(30, _("30 天")), (90, _("90 天")), (365, _("365 天"))],
        initial=90,
    )
