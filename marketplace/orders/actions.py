"""Placing, confirming, withdrawing and closing orders."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from federation.capacity import actions as capacity
from federation.capacity.queries import node_size
from marketplace.catalogue.models import Plan, PlanPrice, Unit, tariff
from marketplace.funding import actions as funding
from marketplace.funding.queries import awaited, orderable
from marketplace.orders import queries, reservations
from marketplace.orders.models import Order, OrderStop
from marketplace.orders.refusals import BadOrder
from marketplace.pricing.tariffs import plain
from portal.approvals import actions as approvals
from portal.audit import actions as audit
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.organizations.models import Project
from portal.shell import status, tenancy
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from portal.shell.money import yuan
from scheduler.placement import actions as placement
from scheduler.workloads import actions as workloads

APPROVAL_KIND = "order"
ENDINGS = {
    Order.Status.BILLED: gettext_noop("订单 %(code)s 已结算：¥%(billed)s，退回 ¥%(refunded)s"),
    Order.Status.REFUNDED: gettext_noop("订单 %(code)s 未能运行，已全额退回 ¥%(refunded)s"),
    Order.Status.CANCELLED: gettext_noop("订单 %(code)s 已取消，退回 ¥%(refunded)s"),
    Order.Status.REJECTED: gettext_noop("订单 %(code)s 审批未通过，退回 ¥%(refunded)s"),
    Order.Status.EXPIRED: gettext_noop("订单 %(code)s 未在期限内审批或付款，已取消，退回 ¥%(refunded)s"),
}

MONTHS = gettext_noop("订单 %(code)s：预留 %(cards)d 卡 × %(length)s 个月，¥%(amount)s")
ASKED = {
    Unit.CARD_HOUR: gettext_noop("订单 %(code)s：%(cards)d 卡 × %(length)s 小时，¥%(amount)s"),
    Unit.CARD_DAY: gettext_noop("订单 %(code)s：预留 %(cards)d 卡 × %(length)s 天，¥%(amount)s"),
    Unit.CARD_MONTH: MONTHS,
    Unit.NODE_MONTH: MONTHS,
}
STOPS = {
    "over_budget": gettext_noop("订单 %(code)s 正在停止：项目本月预算已用完"),
    "overdue": gettext_noop("订单 %(code)s 正在停止：单位有逾期未还的账单"),
    "reservation_over": gettext_noop("订单 %(code)s 正在停止：所用的预留资源已结束"),
}


class KeyReused(Refusal):
    """The same idempotency key came with another order."""

    code = "idempotency_key_reused"


class OverBudget(Refusal):
    """The project's monthly budget does not reach."""

    status = 409
    code = "over_budget"


class BillOverdue(Refusal):
    """The firm has not paid a bill for too long."""

    status = 409
    code = "bill_overdue"


class NotVerified(Refusal):
    """The firm has not yet proved who it is."""

    status = 403
    code = "not_verified"


class CannotCancel(Refusal):
    """There is nothing left to cancel."""

    status = 409
    code = "cannot_cancel"


@dataclass(frozen=True)
class Request:
    """What a buyer asks for, as typed and cleaned."""

    plan: Plan
    project: Project
    name: str
    cards: int
    hours: Decimal | None = None
    command: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    vouchers: frozenset[str] | None = None
    ways: tuple[str, ...] | None = None
    periods: int | None = None
    reservation: Order | None = None
    fingerprint: str = field(init=False)

    def __post_init__(self):
        body = [
            self.plan.code,
            self.project.code,
            self.name,
            self.cards,
            str(self.length.normalize()),
            self.reservation and self.reservation.code,
            self.command,
            sorted((path, hashlib.sha256(content).hexdigest()) for path, content in self.files),
            None if self.vouchers is None else sorted(self.vouchers),
            self.ways,
        ]
        digest = hashlib.sha256(json.dumps(body, ensure_ascii=False).encode()).hexdigest()
        object.__setattr__(self, "fingerprint", digest)

    @property
    def length(self) -> Decimal:
        """Hours, or the days or months of reserved capacity."""
        return Decimal(self.periods or self.hours or 0)


def check(request: Request):
    """Refuse what the plan does not sell, with the field to mend."""
    plan = request.plan
    if not plan.is_orderable:
        raise BadOrder(_("该类商品尚未开放下单，请返回算力市场另选。"), code="kind_not_open", field="plan")
    if not plan.is_listed:
        raise BadOrder(_("该商品已下架，请返回算力市场另选。"), code="plan_off_shelf", field="plan")
    if not 1 <= request.cards <= plan.cards_max:
        raise BadOrder(
            _("卡数须在 1 到 %(most)d 之间。") % {"most": plan.cards_max},
            code="cards_out_of_range",
            field="cards",
        )
    if plan.is_reserved:
        reservations.check(request)
    else:
        _check_job(request)
    if not request.project.is_open:
        raise BadOrder(_("该项目已停用，请选择其他项目。"), code="project_closed", field="project")
    if not set(request.ways or ()) <= set(orderable()):
        raise BadOrder(
            _("支付方式只能从这些中选：%(ways)s。") % {"ways": "、".join(orderable())},
            code="way_unknown",
            field="ways",
        )
    workloads.check_files(request.files)


def _check_job(request):
    plan = request.plan
    if request.hours is None or not 0 < request.hours <= plan.hours_max:
        raise BadOrder(
            _("时长须大于 0 且不超过 %(most)d 小时。") % {"most": plan.hours_max},
            code="hours_out_of_range",
            field="hours",
        )
    if not request.command.strip():
        raise BadOrder(_("请填写启动命令，例如 python train.py。"), code="command_missing", field="command")


def price_in_force(plan, at) -> PlanPrice:
    """Today's prices. Raises BadOrder when nobody has set any."""
    price = PlanPrice.objects.filter(plan=plan).in_force(at).first()
    if price is None:
        raise BadOrder(_("该商品当前没有有效价格，请稍后再试或另选商品。"), code="no_price", field="plan")
    return price


def amount_of(request: Request, price: PlanPrice) -> int:
    """Fen for all that is asked for."""
    if request.reservation:
        return 0
    return tariff(request.plan, price).rate(request.cards * Fraction(request.length))


def _within_budget(project, amount, at):
    limit = project.order_limit
    if limit is None:
        return
    spent = queries.committed_in_month(project, at)
    if spent + amount > limit:
        raise OverBudget(
            _(
                "项目“%(project)s”本月预算 ¥%(budget)s，新订单最多用到 ¥%(limit)s；已用 ¥%(spent)s，本单需 ¥%(amount)s。请减少用量或请管理员调整预算。"
            )
            % {
                "project": project.name,
                "budget": yuan(project.monthly_budget),
                "limit": yuan(limit),
                "spent": yuan(spent),
                "amount": yuan(amount),
            },
            field="project",
        )


@tenancy.citywide()
def place(*, organization, request: Request, idempotency_key: str, by, at) -> tuple[Order, bool]:
    """Promise cards and hours at today's price, with vouchers, money and capacity set aside — all or nothing.

    The same key with the same order returns the first order and False; with another order raises KeyReused.
    """
    try:
        with transaction.atomic():
            # Without this lock, a double click would hold money twice before the key stops it.
            project = (
                Project.objects.select_for_update(no_key=True, of=("self",))
                .select_related("organization__order_stop")
                .get(id=request.project.id, organization=organization)
            )
            earlier = Order.objects.filter(organization=organization, idempotency_key=idempotency_key).first()
            if earlier:
                return _same(earlier, request), False
            if not organization.verified_at:
                raise NotVerified(_("贵单位尚未通过企业认证，请管理员在“单位与项目”中提交营业执照后再下单。"))
            check(request)
            _refuse_if_overdue(project.organization)
            return _place(organization, project, request, idempotency_key, by, at), True
    except IntegrityError as clash:
        if "one_order_per_key" not in str(clash):
            raise
        earlier = Order.objects.get(organization=organization, idempotency_key=idempotency_key)
        return _same(earlier, request), False


def _refuse_if_overdue(organization):
    stop = getattr(organization, "order_stop", None)
    if stop:
        raise BillOverdue(
            _("账单 %(bill)s 逾期未还，暂不能下单。请管理员或财务在“账单”中还款，还清后立即恢复。")
            % {"bill": stop.bill_code}
        )


def stop_buying(*, organization, bill_code, at) -> None:
    """A firm places no orders until this bill is paid. Saying it twice changes nothing."""
    OrderStop.objects.get_or_create(organization=organization, defaults={"bill_code": bill_code, "since": at})


def let_buy(*, organization) -> None:
    """The firm has paid: it may place orders again. Saying it twice changes nothing."""
    OrderStop.objects.filter(organization=organization).delete()


def _same(earlier, request):
    if earlier.fingerprint != request.fingerprint:
        raise KeyReused(
            _("该幂等键已用于另一张订单（%(code)s）。如需新下单，请更换 Idempotency-Key。")
            % {"code": earlier.code},
            field="idempotency_key",
        )
    return earlier


def _place(organization, project, request, idempotency_key, by, at):
    code = new_code("OD")
    plan = request.plan
    price = price_in_force(plan, at)
    decision = _decide(code, request, at)
    # Before the quote, so that two orders of one firm never count on the same voucher.
    funding.lock_purse(organization)
    amount = amount_of(request, price)
    quote = queries.quote(organization, plan, amount, at, chosen=request.vouchers, ways=request.ways)
    _within_budget(project, quote.amount, at)
    if amount:
        funding.hold(order_code=code, organization=organization, quote=quote, by=by, at=at)
    needs_approval = bool(project.approval_threshold) and quote.amount >= project.approval_threshold
    order = Order.objects.create(
        code=code,
        organization=organization,
        project=project,
        plan=plan,
        name=request.name or code,
        cards=decision.cards,
        hours=request.hours,
        nodes=request.cards if plan.unit == Unit.NODE_MONTH else None,
        periods=request.periods,
        decision=decision,
        reservation=request.reservation,
        unit_price=0 if request.reservation else price.unit_price,
        tiers=[] if request.reservation else price.tiers,
        early_price=price.early_price,
        amount=quote.amount,
        voucher_amount=quote.vouchers,
        cash_amount=quote.cash,
        status=Order.Status.AWAITING_APPROVAL
        if needs_approval
        else Order.Status.AWAITING_PAYMENT
        if quote.patience
        else Order.Status.CONFIRMED,
        placed_by=by,
        placed_at=at,
        cancel_until=at + timedelta(minutes=settings.WITHDRAWAL_MINUTES),
        confirm_by=at + timedelta(hours=settings.APPROVAL_HOURS) if needs_approval else None,
        pay_by=at + quote.patience if quote.patience else None,
        confirmed_at=None if needs_approval or quote.patience else at,
        idempotency_key=idempotency_key,
        fingerprint=request.fingerprint,
    )
    audit.record(
        order, "order.placed", by=by, amount=order.amount, vouchers=order.voucher_amount, plan=plan.code
    )
    if order.is_reservation:
        reservations.begin(order, at=at)
    else:
        workloads.create(
            organization=organization,
            order_code=code,
            decision=decision,
            name=order.name,
            command=request.command,
            files=request.files,
            max_seconds=order.seconds,
            is_draft=order.status in Order.WAITING,
            at=at,
        )
    if needs_approval:
        approvals.request(
            kind=APPROVAL_KIND,
            subject_code=code,
            organization=organization,
            amount=order.amount,
            sentence=ASKED[Unit(plan.unit)],
            values={
                "code": code,
                "cards": order.cards,
                "length": plain(request.length),
                "amount": yuan(order.amount),
            },
            url=order.get_absolute_url(),
            by=by,
            at=at,
        )
    return order


def _decide(code, request, at):
    plan = request.plan
    if request.reservation:
        return reservations.place_within(code, request, at=at)
    size = node_size(plan.provider, plan.accelerator) if plan.unit == Unit.NODE_MONTH else 1
    return placement.decide(
        subject_code=code,
        accelerator=plan.accelerator,
        cards=request.cards * size,
        provider_code=plan.provider.code,
        # How long one job may run says nothing of how long one may have the cards.
        hours=request.hours,
        at=at,
    )


def receipt(order) -> str:
    """The sentence that tells a buyer the order is in."""
    if order.status == Order.Status.AWAITING_APPROVAL:
        return _("订单 %(code)s 已提交，等待本单位审批。") % {"code": order.code}
    if order.status == Order.Status.AWAITING_PAYMENT:
        return _("订单 %(code)s 已提交，算力已保留，请在 %(by)s 前付款。") % {
            "code": order.code,
            "by": f"{localtime(order.pay_by):%Y-%m-%d %H:%M}",
        }
    if order.is_reservation:
        return _("订单 %(code)s 已确认，冻结 ¥%(amount)s，算力自现在起归您使用。") % {
            "code": order.code,
            "amount": yuan(order.amount),
        }
    return _("订单 %(code)s 已确认，冻结 ¥%(amount)s，正在调度。") % {
        "code": order.code,
        "amount": yuan(order.amount),
    }


def approve(*, order_id, by, at) -> Order:
    """A second person agreed: the work may begin, or the money may come. Saying it twice changes nothing."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status != Order.Status.AWAITING_APPROVAL:
            return order
        if order.pay_by is None:
            _begin(order, gettext_noop("订单 %(code)s 审批通过，开始调度"), by=by, at=at)
            return order
        # The time that the approval took is not the payer's.
        pay_by = at + (order.pay_by - order.placed_at)
        status.move(order, Order.Status.AWAITING_PAYMENT, pay_by=pay_by)
        audit.record(
            order, "order.approved", by=by, before=Order.Status.AWAITING_APPROVAL, after=order.status
        )
        _tell(order, gettext_noop("订单 %(code)s 审批通过，请付款"), at)
    return order


def confirm_paid(*, order_id, at) -> Order:
    """All the money is here: the work may begin. Saying it twice, or too early, changes nothing."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Order.Status.AWAITING_PAYMENT and not awaited(order.code).exists():
            _begin(order, gettext_noop("订单 %(code)s 已付款，开始调度"), by=None, at=at)
    return order


def _begin(order, sentence, *, by, at):
    before = order.status
    status.move(order, Order.Status.CONFIRMED, confirmed_at=at)
    audit.record(order, "order.confirmed", by=by, before=before, after=order.status)
    if order.is_reservation:
        reservations.begin(order, at=at)
    else:
        workloads.queue(order_code=order.code, at=at)
    _tell(order, sentence, at)


def reject(*, order_id, by, reason, at) -> Order:
    """A second person said no: everything set aside goes back."""
    return _give_up(order_id, Order.Status.REJECTED, by=by, at=at, reason=reason)


def expire(*, order_id, at) -> Order:
    """Nobody answered or paid in time: everything set aside goes back."""
    return _give_up(order_id, Order.Status.EXPIRED, by=None, at=at, reason="")


def _give_up(order_id, to, *, by, at, reason):
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status not in Order.WAITING:
            return order
        _let_go(order, at)
        close(order, to, by=by, at=at, reason=reason)
    return order


def _let_go(order, at):
    """Nothing has begun: its cards are free again."""
    if order.is_reservation:
        capacity.release(key=order.code, at=at)
    else:
        workloads.discard(order_code=order.code, at=at)


@tenancy.citywide()
def cancel(*, order_id, by, at) -> Order:
    """Stop an order. Within the withdrawal time it costs nothing, within the day's allowance; later, the seconds used.

    Saying it twice changes nothing.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Order.Status.CANCELLED or order.cancel_requested_at:
            return order
        if not order.is_open:
            raise CannotCancel(
                _("订单已是“%(status)s”，不能再取消。") % {"status": order.get_status_display()}
            )
        is_free = at <= order.cancel_until and queries.withdrawals_today(order.organization, at) < (
            settings.FREE_WITHDRAWALS_PER_DAY
        )
        return _ask_to_stop(order, is_withdrawn=is_free, by=by, at=at)


def stop(*, order_id, reason, at) -> Order:
    """The city stops an order, because its budget is spent or its firm has not paid: the seconds used are billed."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if not order.is_open or order.cancel_requested_at:
            return order
        order = _ask_to_stop(order, is_withdrawn=False, by=None, at=at, reason=reason)
        _tell(order, STOPS[reason], at)
    return order


def _ask_to_stop(order, *, is_withdrawn, by, at, **details) -> Order:
    order.cancel_requested_at = at
    order.is_withdrawn = is_withdrawn
    order.save(update_fields=["cancel_requested_at", "is_withdrawn"])
    audit.record(
        order,
        "order.cancel_requested",
        by=by,
        before={"cancel_requested_at": None, "is_withdrawn": False},
        after={"cancel_requested_at": at.isoformat(), "is_withdrawn": is_withdrawn},
        **details,
    )
    if order.status in Order.WAITING:
        _let_go(order, at)
        approvals.lapse(kind=APPROVAL_KIND, subject_code=order.code)
        close(order, Order.Status.CANCELLED, by=by, at=at)
    elif not order.is_reservation:
        workloads.request_cancel(order_code=order.code, by=by, at=at)
    return order


def start(*, order_id, at) -> Order:
    """The cluster has begun. Saying it twice changes nothing."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Order.Status.CONFIRMED:
            status.move(order, Order.Status.RUNNING)
            audit.record(
                order, "order.started", by=None, before=Order.Status.CONFIRMED, after=Order.Status.RUNNING
            )
    return order


def close(order, to, *, by, at, billed_amount=None, **details):
    """End a locked order whose cards are free again: give back all that is still set aside, tell the buyer."""
    refunded = funding.release(order_code=order.code, at=at)
    before = order.status
    status.move(order, to, closed_at=at, billed_amount=billed_amount)
    audit.record(
        order,
        f"order.{to}",
        by=by,
        before=before,
        after=to,
        refunded=refunded,
        billed=billed_amount,
        **details,
    )
    _tell(order, ENDINGS[to], at, billed=yuan(billed_amount or 0), refunded=yuan(refunded))


def lower(order, amount) -> None:
    """Part of what a locked order was billed went back: it has cost that much less."""
    if order.billed_amount is not None:
        order.billed_amount -= amount
        order.save(update_fields=["billed_amount"])


def _tell(order, sentence, at, **values):
    notices.notify(
        kind=Notice.Kind.ORDER,
        sentence=sentence,
        values={"code": order.code, **values},
        url=order.get_absolute_url(),
        at=at,
        user=order.placed_by,
    )
