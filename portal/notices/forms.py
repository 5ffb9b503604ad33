"""How somebody wishes to be told."""

from dataclasses import dataclass

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.notices.models import Channel, Notice, Wish, is_mandatory, wish_for

EXAMPLES = {
    Notice.Kind.ORDER: _("订单进展、作业开始与结束"),
    Notice.Kind.APPROVAL: _("等您审批、审批结果"),
    Notice.Kind.MONEY: _("到账、账单、算力券"),
    Notice.Kind.DEADLINE: _("到期提醒、限期办理"),
    Notice.Kind.SECURITY: _("新设备登录、密码与第二因素变更、角色授予、令牌创建"),
    Notice.Kind.SYSTEM: _("导出完成、认证结果等"),
}


@dataclass(frozen=True)
class Row:
    """One kind of news and the fields of its channels; without a field there is nothing to choose."""

    label: str | Promise
    examples: str | Promise
    email: BoundField | None
    sms: BoundField


class PreferencesForm(forms.Form):
    """Kinds × channels; what is mandatory has no field."""

    def __init__(self, *args, chosen, **options):
        super().__init__(*args, **options)
        for kind in Notice.Kind:
            if not is_mandatory(kind, Channel.EMAIL):
                self._add(kind, Channel.EMAIL, forms.ChoiceField(choices=Wish), chosen)
            self._add(kind, Channel.SMS, forms.BooleanField(required=False), chosen)

    def _add(self, kind, channel, field, chosen):
        wish = wish_for(kind, channel, chosen)
        field.initial = wish if channel == Channel.EMAIL else wish == Wish.NOW
        field.widget.attrs["aria-label"] = f"{kind.label} · {channel.label}"
        self.fields[f"{kind}_{channel}"] = field

    @property
    def rows(self) -> list[Row]:
        return [
            Row(
                kind.label,
                EXAMPLES[kind],
                self[f"{kind}_email"] if f"{kind}_email" in self.fields else None,
                self[f"{kind}_sms"],
            )
            for kind in Notice.Kind
        ]

    @property
    def wishes(self) -> dict[tuple[str, str], str]:
        """What was chosen, as an action takes it."""
        words = {True: Wish.NOW, False: Wish.NEVER}
        return {
            (kind, channel): words.get(given, given)
            for name, given in self.cleaned_data.items()
            for kind, channel in [name.split("_")]
        }
