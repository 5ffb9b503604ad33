"""Which months, and by what."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.costs.queries import Months

BY = {
    "project": _("项目"),
    "accelerator": _("加速卡"),
    "provider": _("服务商"),
    "day": _("日期"),
}


class MonthField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "month"}, format="%Y-%m")

    def __init__(self, **options):
        super().__init__(input_formats=["%Y-%m"], required=False, **options)


class CostForm(forms.Form):
    """The months and the grouping of the costs; what is left empty is this month by project."""

    by = forms.ChoiceField(label=_("分组"), choices=BY.items(), required=False)
    since = MonthField(label=_("账期起"))
    until = MonthField(label=_("账期止"))

    def clean(self):
        found = super().clean()
        since, until = found.get("since"), found.get("until")
        if since and until and since > until:
            self.add_error("until", _("账期止不能早于账期起。"))
        return found

    def wish(self, today: date) -> tuple[str, Months]:
        """What was asked; months that make no sense are this month."""
        this = today.replace(day=1)
        given = self.cleaned_data if self.is_valid() else {}
        since = given.get("since") or given.get("until") or this
        until = given.get("until") or max(since, this)
        return given.get("by") or "project", Months(since, until)
