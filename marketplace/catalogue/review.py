"""What the platform finds on the desk before an offer goes on the shelf."""

from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from marketplace.catalogue.drafts import compared
from marketplace.catalogue.models import PriceDraft
from marketplace.catalogue.queries import tier_words
from portal.shell.names import named
from portal.shell.reviews import Fact, Parts


def parts(approval) -> Parts:
    """Every value beside what is sold now."""
    draft = PriceDraft.objects.select_related("provider", "accelerator").get(code=approval.subject_code)
    facts = [
        Fact(_("服务商"), named(draft.provider)),
        Fact(_("型号"), named(draft.accelerator)),
        Fact(_("商品类型"), draft.get_kind_display(), draft.get_unit_display()),
        *([Fact(_("承诺月数"), draft.term)] if draft.term else []),
        Fact(_("生效时间"), f"{localtime(draft.effective_from):%Y-%m-%d %H:%M}"),
    ]
    for name, now, then in compared(draft, timezone.now()):
        before = _("现为 %(now)s") % {"now": shown(now, draft)} if now is not None else _("尚未在售")
        facts.append(Fact(name, shown(then, draft), "", "ok" if now == then else "warn", before))
    return Parts([], facts)


def shown(value, sold_as) -> str:
    """A value of an offer in words."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return "、".join(tier_words(tier, sold_as) for tier in value) or "—"
    if value is None:
        return "—"
    return f"{value.normalize():f}" if hasattr(value, "normalize") else f"{value:,}"
