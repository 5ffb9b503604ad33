"""Placing orders: what is asked for is checked, priced, held and promised, all or nothing."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from federation.capacity.queries import node_size
from marketplace.catalogue.models import Plan, PlanPrice, Unit, tariff
from marketplace.funding import actions as funding
from marketplace.funding.queries import orderable
from marketplace.orders import queries, reservations
from marketplace.orders.models import Order
from marketplace.orders.refusals import BadOrder, BillOverdue, KeyReused, NotVerified, OverBudget
from marketplace.pricing.tariffs import plain
from portal.approvals import actions as approvals
from portal.audit import actions as audit
from portal.organizations.models import Project
from portal.shell import tenancy
from portal.shell.codes import new_code
from portal.shell.money import yuan
from scheduler.placement import actions as placement
from scheduler.workloads import actions as workloads

APPROVAL_KIND = "order"
MONTHS = gettext_noop("订单 %(code)s：预留 %(cards)d 卡 × %(length)s 个月，¥%(amount)s")
ASKED = {
    Unit.CARD_HOUR: gettext_noop("订单 %(code)s：%(cards)d 卡 × %(length)s 小时，¥%(amount)s"),
    Unit.CARD_DAY: gettext_noop("订单 %(code)s：预留 %(cards)d 卡 × %(length)s 天，¥%(amount)s"),
    Unit.CARD_MONTH: MONTHS,
    Unit.NODE_MONTH: MONTHS,
}


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
    begins_at: datetime | None = None
    renews: Order | None = None
    fingerprint: str = field(init=False)

    def __post_init__(self):
        body = [
            self.plan.code,
            self.project.code,
            self.name,
            self.cards,
            str(self.length.normalize()),
            self.reservation and self.reservation.code,
            self.begins_at and self.begins_at.isoformat(),
            self.renews and self.renews.code,
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


def check(request: Request, at):
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
        reservations.check(request, at)
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
            check(request, at)
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
        begins_at=request.begins_at,
        renews=request.renews,
        unit_price=0 if request.reservation else price.unit_price,
        tiers=[] if request.reservation else price.tiers,
        package=None if request.reservation else price.package,
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
    cards = request.cards * size
    if request.renews:
        return reservations.go_on(request, cards=cards, at=at)
    return placement.decide(
        subject_code=code,
        accelerator=plan.accelerator,
        cards=cards,
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
    if order.status == Order.Status.CONFIRMED and order.is_reservation:
        return _("订单 %(code)s 已确认，冻结 ¥%(amount)s，算力自 %(at)s 起归您使用。") % {
            "code": order.code,
            "amount": yuan(order.amount),
            "at": f"{localtime(order.begins_at):%Y-%m-%d %H:%M}",
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
