"""What an administrator types about the firm."""

import unicodedata

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.organizations.credit_code import is_valid
from portal.organizations.models import Organization
from portal.shell.districts import District
from portal.shell.fields import YuanField


class FoundForm(forms.ModelForm):
    """A firm joins."""

    district = forms.ChoiceField(
        label=_("所在区"), choices=[("", _("市外")), *District.choices], required=False
    )
    credit_code = forms.CharField(
        label=_("统一社会信用代码"), max_length=30, help_text=_("18 位，见营业执照，可带空格")
    )

    class Meta:
        model = Organization
        fields = ["name", "district", "credit_code"]

    def clean_credit_code(self):
        code = "".join(unicodedata.normalize("NFKC", self.cleaned_data["credit_code"]).split()).upper()
        if not is_valid(code):
            raise forms.ValidationError(_("统一社会信用代码校验不通过，请核对营业执照上的 18 位代码。"))
        return code


class SecondFactorForm(forms.ModelForm):
    """Whose word alone is not enough."""

    class Meta:
        model = Organization
        fields = ["second_factor"]
        help_texts = {"second_factor": _("所选成员下次打开页面时须先启用或使用第二因素")}


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("项目名称"), max_length=80)
    approval_threshold = YuanField(
        label=_("审批起点"), initial=0, help_text=_("单笔达到此金额须第二人审批；0 表示不需要")
    )
    monthly_budget = YuanField(label=_("月度预算"), initial=0, help_text=_("0 表示不限"))


class ChangeProjectForm(ProjectForm):
    name = None
    is_open = forms.BooleanField(label=_("使用中"), required=False)
