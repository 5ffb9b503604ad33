"""What a reviewer of a refund finds on the desk."""

from django.utils.translation import gettext as _

from marketplace.billing import queries
from marketplace.billing.models import BillRefund
from portal.shell.names import named
from portal.shell.reviews import Fact, Parts


def parts(approval) -> Parts:
    """The line, what of it is still billed, and why it shall go back."""
    refund = BillRefund.objects.select_related(
        "line__order", "line__provider", "organization", "asked_by"
    ).get(code=approval.subject_code)
    left = queries.refundable(refund.line)
    covers = "ok" if refund.amount <= left else "bad"
    if refund.seconds is None:
        asked = [
            Fact(_("退费金额"), refund.amount, "", covers, _("按原资金来源比例退回"), is_money=True),
            Fact(_("尚可退"), left, is_money=True),
        ]
    else:
        asked = [
            Fact(_("原计量秒数"), queries.last_reading(refund.line).seconds),
            Fact(_("更正后的计量秒数"), refund.seconds, "", "ok", _("按差额补计或退回")),
        ]
    return Parts(
        [],
        [
            Fact(_("单位"), named(refund.organization)),
            Fact(_("订单号"), refund.line.order.code),
            Fact(_("明细号"), refund.line.code, named(refund.line.provider)),
            Fact(_("明细金额"), refund.line.gross, is_money=True),
            *asked,
            Fact(_("原因"), refund.get_reason_code_display(), refund.reason),
            Fact(_("提出人"), refund.asked_by),
        ],
    )
