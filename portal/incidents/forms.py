"""What the operator tells the city."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.incidents.models import Incident
from portal.shell.fields import MomentField


class UpdateForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("进展"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    text_en = forms.CharField(
        label=gettext_lazy("英文进展"), max_length=800, widget=forms.Textarea(attrs={"rows": 3, "lang": "en"})
    )
    is_over = forms.BooleanField(label=gettext_lazy("已恢复或已完成"), required=False)


class IncidentForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("类型"), choices=Incident.Kind, widget=forms.RadioSelect)
    title = forms.CharField(label=gettext_lazy("标题"), max_length=80)
    title_en = forms.CharField(
        label=gettext_lazy("英文标题"), max_length=120, widget=forms.TextInput(attrs={"lang": "en"})
    )
    parts = forms.MultipleChoiceField(
        label=gettext_lazy("涉及部分"), choices=Incident.Part, widget=forms.CheckboxSelectMultiple
    )
    starts_at = MomentField(label=gettext_lazy("开始时间"))
    ends_at = MomentField(
        label=gettext_lazy("预计结束"), required=False, help_text=gettext_lazy("计划维护必填；故障可暂不填")
    )
    text = UpdateForm.base_fields["text"]
    text_en = UpdateForm.base_fields["text_en"]

    def clean(self):
        starts_at, ends_at = self.cleaned_data.get("starts_at"), self.cleaned_data.get("ends_at")
        if self.cleaned_data.get("kind") == Incident.Kind.MAINTENANCE and not ends_at:
            self.add_error("ends_at", _("计划维护须写明预计结束时间。"))
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", _("预计结束须晚于开始时间。"))
        return self.cleaned_data
