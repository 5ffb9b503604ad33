"""A provider's offers on their way to the shelf: written, reviewed, published at their date."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from federation.capacity.models import Accelerator
from marketplace.catalogue.actions import put_on_shelf
from marketplace.catalogue.models import Plan, PriceDraft
from portal.approvals import actions as approvals
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal

APPROVAL_KIND = "price"
MOST_CARDS, MOST_HOURS, MOST_PRICE = 4096, 8760, Decimal(100_000)
Status = PriceDraft.Status


class BadOffer(Refusal):
    """An offer that cannot be made as written."""

    code = "bad_offer"


@dataclass(frozen=True)
class Offer:
    """What a provider typed or handed in for one kind of card."""

    accelerator: Accelerator
    unit_price: Decimal
    cards_max: int
    hours_max: int
    is_listed: bool
    effective_from: datetime

    def check(self) -> None:
        if not 0 < self.unit_price <= MOST_PRICE:
            raise BadOffer(_("单价须大于 0 且不超过 100,000 元。"), field="unit_price")
        if self.unit_price != round(self.unit_price, 8):
            raise BadOffer(_("单价最多 8 位小数。"), field="unit_price")
        if not 1 <= self.cards_max <= MOST_CARDS:
            raise BadOffer(_("卡数须在 1 到 %(most)d 之间。") % {"most": MOST_CARDS}, field="cards_max")
        if not 1 <= self.hours_max <= MOST_HOURS:
            raise BadOffer(_("时长须在 1 到 %(most)d 小时之间。") % {"most": MOST_HOURS}, field="hours_max")


def write(*, provider, offer: Offer, by, at) -> PriceDraft:
    """Write the draft of an offer, or write it anew while it is a draft. Raises Refusal."""
    offer.check()
    with transaction.atomic():
        draft = (
            PriceDraft.objects.select_for_update(no_key=True)
            .open()
            .filter(provider=provider, accelerator=offer.accelerator)
            .first()
        )
        if draft is None:
            draft = PriceDraft(code=new_code("PD"), provider=provider, accelerator=offer.accelerator)
        elif draft.status != Status.DRAFT:
            raise BadOffer(
                _("%(name)s 已有一份“%(status)s”的草稿（%(code)s），请先撤回。")
                % {"name": offer.accelerator, "status": draft.get_status_display(), "code": draft.code},
                field="accelerator",
            )
        before = _said(draft) if draft.pk else None
        draft.unit_price, draft.effective_from = offer.unit_price, offer.effective_from
        draft.cards_max, draft.hours_max = offer.cards_max, offer.hours_max
        draft.is_listed, draft.written_by, draft.written_at = offer.is_listed, by, at
        draft.save()
        audit.record(draft, "price.drafted", by=by, before=before, after=_said(draft))
    return draft


def _said(draft) -> dict:
    return {
        "unit_price": f"{draft.unit_price.normalize():f}",
        "cards_max": draft.cards_max,
        "hours_max": draft.hours_max,
        "is_listed": draft.is_listed,
        "effective_from": draft.effective_from.isoformat(),
    }


def write_all(*, provider, offers: list[Offer], by, at) -> list[PriceDraft]:
    """Write many at once, all or none."""
    with transaction.atomic():
        return [write(provider=provider, offer=offer, by=by, at=at) for offer in offers]


def submit(*, draft_id, by, at) -> PriceDraft:
    """Ask the platform to review it. Saying it twice changes nothing."""
    with transaction.atomic():
        draft = PriceDraft.objects.locked(draft_id)
        if draft.status == Status.SUBMITTED:
            return draft
        status.move(draft, Status.SUBMITTED)
        audit.record(draft, "price.submitted", by=by, before=Status.DRAFT, after=draft.status)
        approvals.request(
            kind=APPROVAL_KIND,
            subject_code=draft.code,
            organization=draft.provider.organization,
            decided_under="prices.review",
            amount=0,
            sentence=gettext_noop("%(provider)s 申请上架 %(card)s：%(price)s 元/卡时"),
            values={
                "provider": draft.provider.name,
                "card": draft.accelerator.name,
                "price": f"{draft.unit_price.normalize():f}",
            },
            url=draft.get_absolute_url(),
            by=by,
            at=at,
        )
    return draft


def withdraw(*, draft_id, by) -> PriceDraft:
    """The provider thinks again, until it is on the shelf. Saying it twice changes nothing."""
    with transaction.atomic():
        draft = PriceDraft.objects.locked(draft_id)
        if draft.status == Status.WITHDRAWN:
            return draft
        before = draft.status
        status.move(draft, Status.WITHDRAWN)
        approvals.lapse(kind=APPROVAL_KIND, subject_code=draft.code)
        audit.record(draft, "price.withdrawn", by=by, before=before, after=draft.status)
    return draft


def decide(*, draft_id, agree: bool, reason="", by, at) -> PriceDraft:
    """The platform's word. Saying it twice, or after the provider withdrew, changes nothing."""
    with transaction.atomic():
        draft = PriceDraft.objects.locked(draft_id)
        if draft.status != Status.SUBMITTED:
            return draft
        to = Status.APPROVED if agree else Status.REFUSED
        status.move(draft, to, refusal="" if agree else reason)
        audit.record(draft, f"price.{to}", by=by, before=Status.SUBMITTED, after=to, reason=reason)
        _tell(draft, at)
    return draft


def publish(*, draft_id, at) -> PriceDraft:
    """Its date has come: the offer is on the shelf at this price. Orders already placed keep theirs."""
    with transaction.atomic():
        draft = PriceDraft.objects.locked(draft_id)
        if draft.status != Status.APPROVED or draft.effective_from > at:
            return draft
        plan = put_on_shelf(
            code=f"{draft.provider.code}-{draft.accelerator.code}",
            provider=draft.provider,
            accelerator=draft.accelerator,
            unit_price=draft.unit_price,
            cards_max=draft.cards_max,
            hours_max=draft.hours_max,
            at=at,
        )
        plan.cards_max, plan.hours_max, plan.is_listed = draft.cards_max, draft.hours_max, draft.is_listed
        plan.save(update_fields=["cards_max", "hours_max", "is_listed"])
        status.move(draft, Status.PUBLISHED, published_at=at)
        audit.record(draft, "price.published", by=None, before=Status.APPROVED, after=draft.status)
        _tell(draft, at)
    return draft


def _tell(draft, at):
    sentences = {
        Status.APPROVED: gettext_noop("%(card)s 的上架申请已通过，到生效时间自动上架"),
        Status.REFUSED: gettext_noop("%(card)s 的上架申请未通过：%(reason)s"),
        Status.PUBLISHED: gettext_noop("%(card)s 已按新内容上架"),
    }
    notices.notify(
        kind=Notice.Kind.ORDER,
        sentence=sentences[Status(draft.status)],
        values={"card": draft.accelerator.name, "reason": draft.refusal},
        url=draft.get_absolute_url(),
        at=at,
        organization=draft.provider.organization,
        action="prices.edit",
    )


def compared(draft: PriceDraft, at) -> list[tuple[str, object, object]]:
    """What the draft changes of what is sold now: (what, now, then); now is None where nothing is sold yet."""
    plan = (
        Plan.objects.filter(provider=draft.provider, accelerator=draft.accelerator, kind=Plan.Kind.BATCH)
        .priced(at)
        .first()
    )
    fields = {field.name: field.verbose_name for field in PriceDraft._meta.fields}
    names = ("unit_price", "cards_max", "hours_max", "is_listed")
    return [(str(fields[name]), getattr(plan, name, None), getattr(draft, name)) for name in names]
