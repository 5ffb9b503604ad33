"""What a second person finds on the desk before money leaves."""

from django.utils.translation import gettext as _

from marketplace.bank.queries import plain
from marketplace.payouts.models import PayoutAccount, PayoutBatch
from portal.shell.money import yuan
from portal.shell.reviews import Fact, Material, Parts


def batch_parts(approval) -> Parts:
    """Every payment of a batch with the account it goes to."""
    batch = PayoutBatch.objects.get(code=approval.subject_code)
    payouts = list(batch.payouts.in_full())
    text = "\n".join(
        f"{row.code}  {row.subject.title}  {row.payee.bank} {row.payee.masked}  ¥{yuan(row.amount)}  {row.subject.code}"
        for row in payouts
    )
    is_same = sum(row.amount for row in payouts) == batch.total
    finding = _("与各笔付款之和一致") if is_same else _("与各笔付款之和不一致")
    return Parts(
        [Material(_("付款明细"), text)],
        [
            Fact(_("制单人"), batch.made_by),
            Fact(_("笔数"), batch.count),
            Fact(_("合计"), batch.total, "", "ok" if is_same else "bad", finding, is_money=True),
        ],
    )


def account_parts(approval) -> Parts:
    """The account a provider wants to be paid to, beside the one it has."""
    account = PayoutAccount.objects.select_related("provider__organization").get(code=approval.subject_code)
    old = PayoutAccount.objects.in_force().filter(provider=account.provider).first()
    is_own = plain(account.holder) == plain(account.provider.organization.name)
    finding = _("与单位名称一致") if is_own else _("与单位名称不一致，请向服务商核实")
    return Parts(
        [],
        [
            Fact(_("服务商"), account.provider),
            Fact(_("户名"), account.holder, "", "ok" if is_own else "warn", finding),
            Fact(_("开户行"), account.bank),
            Fact(_("账号"), account.number, _("服务商提交")),
            Fact(_("现用账户"), f"{old.bank} {old.masked}" if old else "—"),
        ],
    )
