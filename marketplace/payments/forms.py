"""What finance copies from the bank's statement, and what a firm means to pay."""

from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.payments.actions import LEAST, MOST
from marketplace.payments.models import BankReceipt, Payment
from marketplace.payments.queries import offered
from portal.organizations.models import Organization
from portal.shell.fields import YuanField
from portal.shell.money import to_yuan, yuan


class BankReceiptForm(forms.Form):
    organization = forms.ModelChoiceField(
        label=_("企业"),
        queryset=Organization.objects.filter(kind=Organization.Kind.ENTERPRISE).order_by("name"),
        to_field_name="code",
    )
    amount = YuanField(label=_("到账金额"))
    bank_reference = forms.CharField(label=_("银行流水号"), max_length=64)
    received_on = forms.DateField(
        label=_("到账日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )


class TopUpForm(forms.Form):
    """The key makes one payment of a form that was sent twice."""

    method = forms.ChoiceField(label=_("支付方式"), widget=forms.RadioSelect)
    amount = YuanField(label=_("充值金额"), min_value=to_yuan(LEAST), max_value=to_yuan(MOST))
    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["method"].choices = [(m, Payment.Method(m).label) for m in offered()]
        self.fields["method"].initial = offered()[0]


class RefundForm(forms.Form):
    """How much of a payment goes back, and why."""

    amount = YuanField(label=_("退款金额"), min_value=to_yuan(1))
    reason = forms.CharField(label=_("退款原因"), max_length=200, help_text=_("复核人与审计可见"))


class AskBackForm(RefundForm):
    """Which transfer's unspent money a firm wants back."""

    receipt = forms.ModelChoiceField(
        label=_("退回哪笔转账"), queryset=BankReceipt.objects.none(), to_field_name="code", empty_label=None
    )
    field_order = ["receipt", "amount", "reason"]

    def __init__(self, organization, *args, **options):
        super().__init__(*args, **options)
        receipt = self.fields["receipt"]
        receipt.queryset = BankReceipt.objects.returnable().filter(organization=organization)
        receipt.label_from_instance = lambda row: (
            _("%(on)s 到账 ¥%(amount)s，可退 ¥%(left)s（%(code)s）")
            % {"on": row.received_on, "amount": yuan(row.amount), "left": yuan(row.left), "code": row.code}
        )


class ExplainForm(forms.Form):
    """What a difference was, and what was done about it."""

    explanation = forms.CharField(
        label=_("说明"), max_length=200, help_text=_("写明原因与处理结果，审计可见")
    )
