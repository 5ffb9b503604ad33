"""What a reader of the record may ask for."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.audit.register import EVENTS


class Question(forms.Form):
    """When, who, what, about what; nothing asked is everything."""

    since = forms.DateField(label=_("起始日期"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("截止日期"), required=False, widget=forms.DateInput({"type": "date"}))
    event = forms.ChoiceField(
        label=_("事件"), required=False, choices=lambda: [("", _("全部")), *EVENTS.items()]
    )
    actor = forms.CharField(label=_("经办人"), required=False, max_length=150)
    subject = forms.CharField(label=_("对象编号"), required=False, max_length=150)
    organization = forms.CharField(label=_("单位"), required=False, max_length=120)
    words = forms.CharField(label=_("内容包含"), required=False, max_length=80)

    def clean(self):
        asked = super().clean()
        since, until = asked.get("since"), asked.get("until")
        if since and until and until < since:
            self.add_error("until", _("截止日期不能早于起始日期。"))
        return asked

    @property
    def conditions(self) -> dict[str, str]:
        """What was asked, as it stands in the record of this question."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value}
