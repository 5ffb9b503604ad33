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


class PercentField(forms.IntegerField):
    unit = "%"

    def __init__(self, **options):
        super().__init__(**{"min_value": 1, "max_value": 999, "required": False, **options})


class BudgetForm(forms.Form):
    """What a project may spend in a month, and what happens on the way."""

    monthly_budget = YuanField(label=_("月度预算"), help_text=_("0 表示不限"))
    remind_percent = PercentField(
        label=_("提醒"), help_text=_("用到预算的这个百分比时通知管理员与财务；不填则不提醒")
    )
    stop_new_percent = PercentField(
        label=_("停止新订单"), help_text=_("会超过这个百分比的新订单被拒绝；不填则不拒绝")
    )
    stop_all_percent = PercentField(
        label=_("全部停止"), help_text=_("用到这个百分比时，运行中的作业也会被停止；不填则不停止")
    )

    def clean(self):
        found = super().clean()
        new, everything = found.get("stop_new_percent"), found.get("stop_all_percent")
        if new and everything and everything < new:
            self.add_error("stop_all_percent", _("全部停止不能早于停止新订单。"))
        return found
