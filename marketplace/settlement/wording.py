"""Why a statement was parked, in the reader's words."""

from statistics import median

from django.utils.translation import gettext as _

from portal.shell.money import yuan


def doubt(found: dict) -> str:
    """One reason — {code, values} — as a sentence."""
    values = found["values"]
    match found["code"]:
        case "over_capacity":
            return _(
                "%(pool)s 在 %(hour)s 起的一小时内计费 %(used)s 卡时，超过该池的 %(capacity)s 卡时。"
            ) % {
                **values,
                "used": f"{values['used'] / 3600:,.1f}",
                "capacity": f"{values['capacity'] / 3600:,.1f}",
            }
        case "leap":
            return _("本期总额 ¥%(gross)s，与前 %(n)d 期的中位数 ¥%(usual)s 相差过大。") % {
                "gross": yuan(values["gross"]),
                "n": len(values["past"]),
                "usual": yuan(int(median(values["past"]))),
            }
        case unknown:
            raise ValueError(f"no wording for doubt {unknown}")
