"""What a reviewer of a credit line finds on the desk."""

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from marketplace.funding.models import CreditLine
from marketplace.funding.queries import credit_line
from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from portal.shell.money import yuan
from portal.shell.names import named
from portal.shell.reviews import Fact, Parts


def parts(approval) -> Parts:
    """What is asked for, what is in force now, and whether the new limit covers what is taken."""
    line = CreditLine.objects.select_related("organization", "proposed_by").get(code=approval.subject_code)
    owner = line.organization.code
    taken = balance(Kind.CREDIT_HELD, owner) + balance(Kind.CREDIT_USED, owner)
    now = credit_line(line.organization)
    covers = line.limit >= taken
    finding = _("已占用 ¥%(taken)s") % {"taken": yuan(taken)}
    return Parts(
        [],
        [
            Fact(_("企业"), named(line.organization)),
            Fact(_("合同编号"), line.contract),
            Fact(_("授信额度"), line.limit, "", "ok" if covers else "bad", finding, is_money=True),
            Fact(_("现行额度"), now.limit if now else 0, is_money=True),
            Fact(_("有效期至"), f"{localtime(line.valid_until):%Y-%m-%d %H:%M}"),
            Fact(_("理由"), line.reason),
            Fact(_("提出人"), line.proposed_by),
        ],
    )
