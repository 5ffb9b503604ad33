"""The market: find, compare, begin an order."""

from decimal import Decimal
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from marketplace.funding.queries import Means, explained
from marketplace.orders import drafts, placing
from marketplace.orders.models import Order, OrderDraft
from marketplace.orders.queries import quote
from marketplace.pricing.tariffs import plain
from marketplace.storefront.filters import kind_from, size_from, wishes_from
from marketplace.storefront.forms import OrderForm
from marketplace.storefront.queries import counts, offer_of, offers, sift, ways_to_buy
from marketplace.storefront.quotation import quotation
from portal.accounts.permissions import can
from portal.accounts.scoping import acting_for, require
from portal.organizations.models import Project
from portal.shell.exceptions import Refusal
from portal.shell.responses import paper_response

OFFERS_A_PAGE = 20


def listing(request):
    """What is on the shelf, with counts for every filter and prices for this buyer."""
    now = timezone.now()
    cards, hours = size_from(request.GET)
    wishes = wishes_from(request.GET)
    kind = kind_from(request.GET)
    shelf = offers(request.organization, now, cards=cards, hours=hours, kind=kind)
    sifted = sift(shelf, wishes)
    context = {
        "kind": kind,
        "page": Paginator(sifted.fits, OFFERS_A_PAGE).get_page(request.GET.get("page")),
        "shelf_size": len(shelf),
        "facets": counts(sifted),
        "wishes": wishes,
        "cards": cards,
        "hours": hours,
        "size": urlencode({"cards": cards, "hours": plain(hours)}),
        "now": now,
        "is_buyer": can(request.user, "orders.place") if request.user.is_authenticated else False,
    }
    is_fragment = (
        request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request
    )
    response = render(request, "storefront/_results.html" if is_fragment else "storefront/list.html", context)
    response["Vary"] = "HX-Request, Cookie, Accept-Language"
    return response


def _offer(request, code, **size):
    found = offer_of(code, request.organization, timezone.now(), **size)
    if found is None:
        raise Http404
    return found


def detail(request, code):
    """One offer: what it is, where its figures come from, what it costs this buyer."""
    cards, hours = size_from(request.GET)
    means = Means(request.organization, timezone.now())
    offer = _offer(request, code, cards=cards, hours=hours, means=means)
    context = {
        "offer": offer,
        "quote": means.quote(offer.purchase, ways=()),
        "ways": ways_to_buy(offer.plan),
        "cards": cards,
        "hours": hours,
        "is_buyer": can(request.user, "orders.place") if request.user.is_authenticated else False,
    }
    return render(request, "storefront/detail.html", context)


def quotation_pdf(request, code):
    """The offer's price for this buyer as a PDF."""
    cards, hours = size_from(request.GET)
    now = timezone.now()
    means = Means(request.organization, now)
    offer = _offer(request, code, cards=cards, hours=hours, means=means)
    quote = means.quote(offer.purchase, ways=())
    paper = quotation(offer, quote, request.organization, by=request.user, at=now)
    return paper_response(paper)


def _earlier_draft(request):
    code = request.GET.get("draft", "")
    return OrderDraft.objects.visible_to(request.user).filter(code=code).first() if code else None


def _reservation(request, earlier, organization, plan):
    """The reservation that a job is written for, when the buyer comes from its page."""
    wanted = Q(code=request.GET["reservation"]) if "reservation" in request.GET else Q()
    if earlier and earlier.reservation_id:
        wanted |= Q(id=earlier.reservation_id)
    if not wanted:
        return Order.objects.none()
    mine = Order.objects.visible_to(request.user).filter(wanted, organization_id=organization.id)
    return mine.reservations().filter(plan__provider=plan.provider, plan__accelerator=plan.accelerator)


def _renewed(request, earlier, organization, plan):
    """The reservation that is taken for longer, when the buyer comes from its page."""
    code = earlier.renews.code if earlier and earlier.renews else request.GET.get("renews")
    mine = Order.objects.visible_to(request.user).filter(code=code, organization_id=organization.id)
    return mine.reservations().filter(plan=plan).first() if code else None


@require("orders.place")
def order(request, code):
    """Type an order; what is typed is kept as a draft and shown for checking."""
    organization = acting_for(request, "orders.place")
    now = timezone.now()
    means = Means(organization, now)
    usable = means.choices()
    earlier = _earlier_draft(request)
    typed = drafts.typed_in(earlier) if earlier else {"vouchers": [choice.reference for choice in usable]}
    cards, hours = (
        (earlier.cards, earlier.hours or Decimal(earlier.periods)) if earlier else size_from(request.GET)
    )
    offer = _offer(request, code, cards=cards, hours=hours, means=means)
    form = OrderForm(
        request.POST or None,
        request.FILES or None,
        plan=offer.plan,
        projects=Project.objects.filter(organization_id=organization.id).open(),
        vouchers=usable,
        ways=means.ways(),
        reservations=_reservation(request, earlier, organization, offer.plan),
        renews=_renewed(request, earlier, organization, offer.plan),
        now=now,
        kept_files=drafts.files_of(earlier) if earlier else (),
        initial={"cards": cards, "hours": int(hours) if offer.plan.is_reserved else hours} | typed,
    )
    if request.method == "POST" and form.is_valid():
        try:
            draft = drafts.save(organization=organization, request=form.request(), by=request.user, at=now)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            return redirect("storefront:check", code=draft.code)
    context = {"form": form, "offer": offer, "quote": means.quote(offer.purchase, ways=())}
    return render(request, "storefront/order.html", context, status=422 if form.errors else 200)


@require("orders.place")
def check(request, code):
    """The answers once more, with the price that will be set aside; then place, once."""
    draft = get_object_or_404(
        OrderDraft.objects.visible_to(request.user).select_related(
            "plan__provider", "plan__accelerator", "project", "organization", "reservation", "renews"
        ),
        code=code,
    )
    now = timezone.now()
    refusal = None
    if request.method == "POST":
        try:
            placed = drafts.place(draft=draft, by=request.user, at=now)
        except Refusal as sad:
            refusal = sad
        else:
            messages.success(request, placing.receipt(placed))
            return redirect(placed)
    offer = _offer(request, draft.plan.code, cards=draft.cards, hours=draft.hours or Decimal(draft.periods))
    try:
        chosen = None if draft.vouchers is None else frozenset(draft.vouchers)
        amount = 0 if draft.reservation else offer.amount
        cost = quote(draft.organization, draft.plan, amount, now, chosen=chosen, ways=draft.ways)
    except Refusal as sad:
        cost, refusal = None, refusal or sad
    context = {
        "draft": draft,
        "offer": offer,
        "quote": cost,
        "parts": explained(cost) if cost else [],
        "refusal": refusal,
        "needs_approval": bool(
            cost and draft.project.approval_threshold and cost.amount >= draft.project.approval_threshold
        ),
        "files": draft.files.all(),
    }
    return render(request, "storefront/check.html", context, status=refusal.status if refusal else 200)
