"""What a second person finds on the desk before something is let go or set right."""

from django.utils.translation import gettext as _

from marketplace.settlement import wording
from marketplace.settlement.models import Adjustment, Statement, Terms
from portal.shell.names import named
from portal.shell.reviews import Fact, Parts


def release_parts(approval) -> Parts:
    """Why a statement was parked, and how much it is about."""
    statement = Statement.objects.get(code=approval.subject_code.split("/")[0])
    doubts = [
        Fact(_("暂缓原因"), wording.doubt(found), "", "warn", _("请核对")) for found in statement.parked_for
    ]
    return Parts(
        [],
        [
            Fact(_("结算对象"), statement.title),
            Fact(_("计费总额"), statement.gross, is_money=True),
            Fact(_("应付"), statement.due, is_money=True),
            *doubts,
        ],
    )


def adjustment_parts(approval) -> Parts:
    """Who gets or gives how much, and why."""
    adjustment = Adjustment.objects.select_related("organization", "statement", "proposed_by").get(
        code=approval.subject_code
    )
    return Parts(
        [],
        [
            Fact(_("单位"), named(adjustment.organization)),
            Fact(_("金额"), adjustment.amount, _("正数为增加对方应得，负数为减少"), is_money=True),
            Fact(_("原因"), adjustment.reason),
            Fact(_("相关结算单"), adjustment.statement.code if adjustment.statement else "—"),
            Fact(_("申请人"), adjustment.proposed_by),
        ],
    )


def terms_parts(approval) -> Parts:
    """What would be deducted from when on, beside what is deducted now."""
    terms = Terms.objects.select_related("provider", "set_by").get(code=approval.subject_code)
    now = Terms.objects.filter(provider=terms.provider).in_force(terms.effective_from).first()
    none = [_("无")]
    return Parts(
        [],
        [
            Fact(_("服务商"), named(terms.provider)),
            Fact(_("合同条款"), terms.clause, _("现行：%(clause)s") % {"clause": now.clause} if now else ""),
            Fact(_("生效日期"), terms.effective_from),
            *(
                Fact(label, was(terms), _("现行：%(now)s") % {"now": was(now)} if now else "")
                for label, was in (
                    (_("代扣税率"), lambda row: row.tax_percent),
                    (_("质保金比例"), lambda row: row.retention_percent),
                    (_("质保期（月）"), lambda row: row.retention_months),
                    (_("可用率扣款"), lambda row: "；".join(row.band_words or none)),
                )
            ),
            Fact(_("登记人"), terms.set_by),
        ],
    )
