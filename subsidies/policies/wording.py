"""The calculator's steps in the reader's language."""

from decimal import Decimal

from django.utils.translation import gettext as _

from portal.shell.money import yuan
from subsidies.policies.calculator import Step


def _percent(rate):
    return f"{(Decimal(rate) * 100).normalize():f}%"


def sentence(step: Step) -> str:
    """One step as a sentence."""
    v = step["values"]
    match step["code"]:
        case "rate":
            text = _("¥%(base)s × %(rate)s = ¥%(amount)s") % {
                "base": yuan(v["base"]),
                "rate": _percent(v["rate"]),
                "amount": yuan(v["amount"]),
            }
        case "domestic_rate":
            text = _("国产芯片：¥%(base)s × %(rate)s = ¥%(amount)s") % {
                "base": yuan(v["base"]),
                "rate": _percent(v["rate"]),
                "amount": yuan(v["amount"]),
            }
        case "order_cap":
            text = _("单笔上限 ¥%(amount)s") % {"amount": yuan(v["amount"])}
        case "nothing_left_to_pay":
            text = _("以剩余应付 ¥%(amount)s 为限") % {"amount": yuan(v["amount"])}
        case "voucher_used_up":
            text = _("券面余额 ¥%(amount)s 用完") % {"amount": yuan(v["amount"])}
        case unknown:
            raise ValueError(f"no wording for step {unknown}")
    return _("%(clause)s：%(text)s") % {"clause": step["clause"], "text": text}
