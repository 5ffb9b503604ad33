"""What administrators type."""

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.accounts.passwords import SHORTEST_OF_OFFICERS


class DisableForm(forms.Form):
    reason = forms.CharField(label=_("停用原因"), max_length=200, help_text=_("写入审计记录。例如：已离职"))


class FirstAdministratorForm(forms.Form):
    """The first administrator of one of the three kinds; the very first also names who runs the platform."""

    organization_name = forms.CharField(label=_("平台运营单位"), max_length=120)
    name = forms.CharField(label=_("姓名"), max_length=60)
    username = forms.RegexField(label=_("用户名"), regex=r"^[\w.@+-]+$", max_length=150)
    email = forms.EmailField(label=_("电子邮箱"))
    password = forms.CharField(
        label=_("密码"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
        strip=False,
        help_text=_("至少 12 个字符，大写字母、小写字母、数字、符号中至少含三种。"),
    )
    again = forms.CharField(
        label=_("再输一次密码"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
        strip=False,
    )

    def __init__(self, *arguments, operator, **options):
        super().__init__(*arguments, **options)
        if operator:
            self.fields["organization_name"].disabled = True
            self.initial["organization_name"] = operator.name

    def clean_username(self):
        username = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("该用户名已被使用，请换一个。"))
        return username

    def clean_email(self):
        email = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("该邮箱已被使用，请换一个。"))
        return email

    def clean(self):
        fields = super().clean()
        password = fields.get("password", "")
        if password != fields.pop("again", ""):
            self.add_error("again", _("两次输入的密码不一致。"))
        person = User(username=fields.get("username", ""), email=fields.get("email", ""))
        try:
            validate_password(password, person)
        except forms.ValidationError as wrong:
            self.add_error("password", wrong)
        if password and len(password) < SHORTEST_OF_OFFICERS:
            self.add_error(
                "password", _("密码至少 %(shortest)s 个字符。") % {"shortest": SHORTEST_OF_OFFICERS}
            )
        return fields
