"""What a newcomer types."""

from allauth.account.forms import SignupForm as BaseSignupForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class SignupForm(BaseSignupForm):
    """A person and, if they come for a firm, the firm."""

    name = forms.CharField(label=_("姓名"), max_length=60)

    def save(self, request):
        user = super().save(request)
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
        return user


class AddKeyForm(AddWebAuthnForm):
    """A key and the name its owner knows it by."""

    name = forms.CharField(label=_("名称"), required=False, max_length=60)


class EditKeyForm(EditWebAuthnForm):
    name = forms.CharField(label=_("名称"), max_length=60)
