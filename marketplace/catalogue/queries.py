"""What a price list says, in words."""

from django.utils.translation import gettext as _

from marketplace.pricing.tariffs import plain


def tier_words(tier, sold_as) -> str:
    """One tier of a price list."""
    return _("超过 %(above)s %(unit)s的部分 ¥%(price)s") % {
        "above": plain(tier[0]),
        "unit": sold_as.get_unit_display(),
        "price": plain(tier[1]),
    }
