"""What an administrator types about people."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.organizations.models import Organization
from portal.shell.districts import District
from portal.shell.fields import MomentField


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("电子邮箱"), help_text=_("对方用此邮箱的账号接受邀请"))
    role = forms.ChoiceField(label=_("角色"))
    until = MomentField(label=_("角色有效期至"), required=False, help_text=_("临时授权才填，最长 90 天"))
    reason = forms.CharField(label=_("授权原因"), max_length=200, required=False)

    def __init__(self, *arguments, roles, **options):
        super().__init__(*arguments, **options)
        self.fields["role"].choices = roles


class StandInForm(forms.Form):
    role = forms.ChoiceField(label=_("代理的角色"))
    until = MomentField(label=_("代理到"))
    reason = forms.CharField(label=_("授权原因"), max_length=200, help_text=_("例如：黄菲休假期间代理财务"))

    def __init__(self, *arguments, roles, **options):
        super().__init__(*arguments, **options)
        self.fields["role"].choices = roles


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("角色"))

    def __init__(self, *arguments, roles, **options):
        super().__init__(*arguments, **options)
        self.fields["role"].choices = roles


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("收回原因"), max_length=200, help_text=_("例如：已离职"))


class AgainForm(forms.Form):
    email = forms.EmailField(label=_("首位成员的电子邮箱"), max_length=100)


class OnboardForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("单位类型"),
        choices=[
            (kind.value, kind.label) for kind in (Organization.Kind.PROVIDER, Organization.Kind.GOVERNMENT)
        ],
    )
    name = forms.CharField(label=_("名称"), max_length=120)
    district = forms.ChoiceField(
        label=_("所在区"), choices=[("", _("市级或市外")), *District.choices], required=False
    )
    role = forms.ChoiceField(label=_("首位成员的角色"))
    email = forms.EmailField(label=_("首位成员的电子邮箱"), max_length=100)

    def __init__(self, *arguments, roles, **options):
        super().__init__(*arguments, **options)
        self.fields["role"].choices = roles
