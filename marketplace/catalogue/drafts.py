"""A provider's offers on their way to the shelf: written, reviewed, published at their date."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from marketplace.catalogue.actions import put_on_shelf
from marketplace.catalogue.models import Plan, PriceDraft
from marketplace.catalogue.offers import BadOffer, Offer
from marketplace.pricing.tariffs import plain, write_tiers
from portal.approvals import actions as approvals
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.shell import status
from portal.shell.codes import new_code

APPROVAL_KIND = "price"
Status = PriceDraft.Status
SAID = ("kind", "unit", "term", "package", "cards_max", "hours_max", "is_listed")
COMPARED = ("unit_price", "package", "tiers", "early_price", "cards_max", "hours_max", "is_listed")


def write(*, provider, offer: Offer, by, at) -> PriceDraft:
    """Write the draft of an offer, or write it anew while it is a draft. Raises Refusal."""
    offer.check()
    with transaction.atomic():
        draft = (
            PriceDraft.objects.select_for_update(no_key=True)
            .open()
            .filter(
                provider=provider,
                accelerator=offer.accelerator,
                kind=offer.kind,
                unit=offer.unit,
                term=offer.term,
            )
            .first()
        )
        if draft is None:
            draft = PriceDraft(code=new_code("PD"), provider=provider)
        elif draft.status != Status.DRAFT:
            raise BadOffer(
                _("%(name)s 已有一份“%(status)s”的草稿（%(code)s），请先撤回。")
                % {"name": offer.accelerator, "status": draft.get_status_display(), "code": draft.code},
                field="accelerator",
            )
        before = _said(draft) if draft.pk else None
        for name, value in vars(offer).items():
            setattr(draft, name, [list(tier) for tier in value] if name == "tiers" else value)
        draft.written_by, draft.written_at = by, at
        draft.save()
        audit.record(draft, "price.drafted", by=by, before=before, after=_said(draft))
    return draft


def _said(draft) -> dict:
    return {
        **{name: getattr(draft, name) for name in SAID},
        "unit_price": plain(draft.unit_price),
        "tiers": write_tiers(draft.tiers),
        "early_price": plain(draft.early_price) if draft.early_price else None,
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
            sentence=gettext_noop("%(provider)s 申请上架 %(card)s（%(kind)s）：单价 %(price)s 元"),
            values={
                "provider": draft.provider.name,
                "card": draft.accelerator.name,
                "kind": str(draft.get_kind_display()),
                "price": plain(draft.unit_price),
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
            provider=draft.provider,
            accelerator=draft.accelerator,
            kind=draft.kind,
            unit=draft.unit,
            term=draft.term,
            unit_price=draft.unit_price,
            tiers=tuple((above, price) for above, price in draft.tiers),
            early_price=draft.early_price,
            package=draft.package,
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
    plan = Plan.objects.twins(draft).priced(at).first()
    fields = {field.name: field.verbose_name for field in PriceDraft._meta.fields}
    return [(str(fields[name]), getattr(plan, name, None), getattr(draft, name)) for name in COMPARED]
