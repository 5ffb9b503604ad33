"""What a person types to give a program a key."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.shell.networks import NetworksField
from portal.tokens.models import ApiToken
from portal.tokens.scopes import SCOPES

NETWORKS_HINT = _("程序所在的地址或网段，每行一个；不填则不限来源。")


class ConsentForm(forms.Form):
    """How far a key reaches."""

    kind = forms.ChoiceField(
        label=_("类型"),
        choices=ApiToken.Kind.choices,
        initial=ApiToken.Kind.LIVE,
        widget=forms.RadioSelect,
        help_text=_("试用令牌照常查询；它的写操作只做检查、给出应答，不改动任何数据。"),
    )
    scopes = forms.MultipleChoiceField(
        label=_("权限范围"), choices=list(SCOPES.items()), widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label=_("有效期"),
        coerce=int,
        choices=[(30, _("30 天")), (90, _("90 天")), (365, _("365 天"))],
        initial=90,
    )


class TokenForm(ConsentForm):
    name = forms.CharField(label=_("用途"), max_length=60, help_text=_("例如：训练平台自动下单"))
    networks = NetworksField(label=_("允许来源"), help_text=NETWORKS_HINT)

    field_order = ["name", "kind", "scopes", "networks", "days"]


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("代码"),
        max_length=20,
        help_text=_("程序显示的 8 个字母，例如 WDJB-MJHT。"),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


class NetworksForm(forms.Form):
    networks = NetworksField(label=_("允许来源"), help_text=NETWORKS_HINT)


class ApplicationForm(forms.Form):
    name = forms.CharField(label=_("应用名称"), max_length=60, help_text=_("例如：企业 ERP 对账"))
    scopes = forms.MultipleChoiceField(
        label=_("权限范围"), choices=list(SCOPES.items()), widget=forms.CheckboxSelectMultiple
    )
    networks = NetworksField(label=_("允许来源"), help_text=NETWORKS_HINT)
