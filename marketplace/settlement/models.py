"""What a provider is owed and what a government has paid for, up to a watermark."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.settlement.amounts import Band, Deal
from portal.accounts.permissions import ALL, can, organization_ids
from portal.shell import tenancy
from portal.shell.codes import in_groups
from portal.shell.models import AppendOnly


def share(label):
    """A rate of a contract: a share of an amount, none by default."""
    return models.DecimalField(label, max_digits=6, decimal_places=4, default=Decimal(0))


def person(**options):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", **options
    )


class TermsQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "statements.view")
        return self if ids is ALL else self.filter(provider__organization_id__in=ids)

    def in_force(self, on):
        """The latest word for each provider on a day; a correction is a later row for the same day."""
        agreed = self.filter(status=Terms.Status.IN_FORCE, effective_from__lte=on)
        return agreed.order_by("provider_id", "-effective_from", "-id").distinct("provider_id")

    def locked(self, terms_id):
        rows = self.select_for_update(of=("self",), no_key=True).select_related("provider__organization")
        return rows.get(id=terms_id)


class Terms(models.Model):
    """What a contract lets the platform deduct from a provider's statements, from a day on: written by one, agreed by another.

    The commission stays on each bill.
    """

    tenant = tenancy.belongs_to("provider__organization")

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        IN_FORCE = "in_force", _("已生效")
        REFUSED = "refused", _("未通过")

    NEXT = {Status.PROPOSED: {Status.IN_FORCE, Status.REFUSED}}
    # What is written stands; the database refuses every other change (see sql.GUARDS).
    CHANGING = ("status", "decided_by_id", "decided_at", "answer")

    code = models.CharField(max_length=32, unique=True)
    provider = models.ForeignKey("federation.Provider", on_delete=models.PROTECT, related_name="terms")
    effective_from = models.DateField(_("生效日期"))
    tax_rate = share(_("代扣税率"))
    retention_rate = share(_("质保金比例"))
    retention_months = models.PositiveSmallIntegerField(_("质保期（月）"), default=0)
    bands = models.JSONField(_("可用率扣款"), default=list)
    clause = models.CharField(_("合同条款"), max_length=80, blank=True)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.PROPOSED)
    set_by = person()
    set_at = models.DateTimeField(_("登记时间"))
    decided_by = person()
    decided_at = models.DateTimeField(_("复核时间"), null=True)
    answer = models.CharField(_("复核意见"), max_length=300, blank=True)

    objects = TermsQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(tax_rate__gte=0, tax_rate__lte=1, retention_rate__gte=0, retention_rate__lte=1),
                name="terms_are_shares",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", decided_by=None)
                | Q(~Q(status="proposed"), ~Q(decided_by=F("set_by")), decided_by__isnull=False),
                name="nobody_agrees_to_their_own_terms",
            ),
        ]

    @property
    def tax_percent(self) -> str:
        return f"{self.tax_rate:.2%}"

    @property
    def retention_percent(self) -> str:
        return f"{self.retention_rate:.2%}"

    @property
    def band_words(self) -> list[str]:
        """Each band as a contract says it: below 99.90%, 5.00% of the gross."""
        return [f"< {band.below:.2%} → {band.rate:.2%}" for band in self.deal.bands]

    @property
    def deal(self) -> Deal:
        bands = tuple(Band(Decimal(band["below"]), Decimal(band["rate"])) for band in self.bands)
        return Deal(self.tax_rate, self.retention_rate, bands)


class SettlementRun(AppendOnly):
    """One closing of the books: every bill line up to the watermark went into a statement, and the totals say so.

    Card-seconds as the meters gave them are what was billed, what was free and what ran beyond the order.
    """

    tenant = tenancy.belongs_to()

    code = models.CharField(_("批次编号"), max_length=32, unique=True)
    from_at = models.DateTimeField(_("起始"), null=True)
    until_at = models.DateTimeField(_("截至"))
    statement_count = models.PositiveIntegerField(_("结算单"))
    line_count = models.PositiveIntegerField(_("明细条数"))
    metered = models.BigIntegerField(_("计量卡时"))
    billed = models.BigIntegerField(_("计费卡时"))
    free = models.BigIntegerField(_("免费卡时"))
    over = models.BigIntegerField(_("超出订单、不计费卡时"))
    gross = models.BigIntegerField(_("账单总额（分）"))
    stated = models.BigIntegerField(_("结算单总额（分）"))
    closed_by = person()
    closed_at = models.DateTimeField(_("结算时间"))

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(metered=F("billed") + F("free") + F("over")),
                name="run_accounts_for_every_card_second",
            ),
            models.CheckConstraint(condition=Q(gross=F("stated")), name="run_states_what_was_billed"),
            models.CheckConstraint(
                condition=Q(from_at=None) | Q(until_at__gte=F("from_at")), name="run_never_goes_back"
            ),
        ]


class StatementQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "statements.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def providers(self):
        return self.filter(kind=Statement.Kind.PROVIDER)

    def awaiting(self, user):
        """What waits for this person: a provider's answer, or finance's look."""
        Status = Statement.Status
        ids, closes = organization_ids(user, "statements.answer"), can(user, "statements.close")
        if not (ids or closes):
            return self.none()
        mine = Q(status=Status.OFFERED, organization_id__in=ids)
        if closes:
            mine |= Q(status__in=[Status.DISPUTED, Status.PARKED])
        return self.filter(mine)

    def released(self):
        """Retentions that are owed again and on no later statement yet."""
        return self.exclude(retention_released_at=None).filter(retention_paid_with=None)

    def locked(self, statement_id):
        return self.select_for_update(of=("self",), no_key=True).get(id=statement_id)


class Statement(models.Model):
    """The bill lines of one party, closed once, and what became of it. Its figures stand from the moment it is offered."""

    tenant = tenancy.belongs_to("organization")

    class Kind(models.TextChoices):
        PROVIDER = "provider", _("服务商结算单")
        PROGRAMME = "programme", _("财政补贴结算单")

    class Status(models.TextChoices):
        DRAFTED = "drafted", _("计算中")
        PARKED = "parked", _("已暂缓")
        OFFERED = "offered", _("待确认")
        DISPUTED = "disputed", _("有异议")
        CONFIRMED = "confirmed", _("已确认")
        APPROVED = "approved", _("已批准付款")
        PAID = "paid", _("已付讫")

    NEXT = {
        Status.DRAFTED: {Status.PARKED, Status.OFFERED},
        Status.PARKED: {Status.OFFERED},
        # A treasury pays what it was shown without a word.
        Status.OFFERED: {Status.CONFIRMED, Status.DISPUTED, Status.PAID},
        Status.DISPUTED: {Status.CONFIRMED},
        Status.CONFIRMED: {Status.APPROVED},
        # What the bank could not pay, or sent back, is to be paid again.
        Status.APPROVED: {Status.PAID, Status.CONFIRMED},
        Status.PAID: {Status.CONFIRMED},
    }
    # What may still change once the figures stand; the database refuses the rest (see sql.GUARDS).
    CHANGING = (
        "status",
        "answer_by",
        "reminded_at",
        "answered_by_id",
        "answered_at",
        "objection",
        "disputed_line_id",
        "resolution",
        "resolved_by_id",
        "resolved_at",
        "retention_released_at",
        "retention_paid_with_id",
        "paid_line_id",
    )

    code = models.CharField(max_length=32, unique=True)
    kind = models.CharField(_("类型"), max_length=12, choices=Kind)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.DRAFTED)
    run = models.ForeignKey(SettlementRun, on_delete=models.PROTECT, related_name="statements")
    party = models.CharField(max_length=40)
    clause = models.CharField(_("政策条款"), max_length=80, blank=True)
    title = models.CharField(_("结算对象"), max_length=120)
    organization = models.ForeignKey(
        "portal.Organization", on_delete=models.PROTECT, null=True, related_name="+"
    )
    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, null=True, related_name="+")
    from_at = models.DateTimeField(_("起始"))
    until_at = models.DateTimeField(_("截至"))
    line_count = models.PositiveIntegerField(_("明细条数"))
    card_seconds = models.BigIntegerField(_("计费卡秒"))
    failed_card_seconds = models.BigIntegerField(_("供给方原因未交付卡秒"), default=0)
    availability = models.DecimalField(_("可用率"), max_digits=7, decimal_places=6, default=Decimal(1))
    gross = models.BigIntegerField(_("总额（分）"))
    commission = models.BigIntegerField(_("佣金（分）"), default=0)
    penalty = models.BigIntegerField(_("服务质量扣款（分）"), default=0)
    tax = models.BigIntegerField(_("代扣税费（分）"), default=0)
    retention = models.BigIntegerField(_("质保金（分）"), default=0)
    net = models.BigIntegerField(_("结算额（分）"))
    carried = models.BigIntegerField(_("上期结转（分）"), default=0)
    adjusted = models.BigIntegerField(_("调账（分）"), default=0)
    released = models.BigIntegerField(_("质保金退还（分）"), default=0)
    due = models.BigIntegerField(_("应付（分）"))
    lines_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(_("校验值"), max_length=64, blank=True)
    parked_for = models.JSONField(_("暂缓原因"), default=list)
    closed_by = person()
    closed_at = models.DateTimeField(_("结算时间"))
    answer_by = models.DateTimeField(_("确认期限"), null=True)
    reminded_at = models.DateTimeField(null=True)
    answered_by = person()
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    objection = models.CharField(_("异议理由"), max_length=300, blank=True)
    disputed_line = models.ForeignKey(
        "marketplace.BillLine", on_delete=models.PROTECT, null=True, related_name="+"
    )
    resolution = models.CharField(_("处理意见"), max_length=300, blank=True)
    resolved_by = person()
    resolved_at = models.DateTimeField(_("处理时间"), null=True)
    retention_due_on = models.DateField(_("质保到期日"), null=True)
    retention_released_at = models.DateTimeField(null=True)
    retention_paid_with = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="retentions"
    )

    paid_line = models.OneToOneField(
        "marketplace.BankLine", on_delete=models.PROTECT, null=True, related_name="statement"
    )

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(net=F("gross") - F("commission") - F("penalty") - F("tax") - F("retention")),
                name="statement_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(due=F("net") + F("carried") + F("adjusted") + F("released")),
                name="statement_due_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(penalty__gte=0, tax__gte=0, retention__gte=0, released__gte=0, carried__lte=0),
                name="statement_deducts_and_never_gives",
            ),
            models.CheckConstraint(
                condition=~Q(status="disputed") | ~Q(objection=""), name="disputed_statement_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(status="parked") | ~Q(parked_for=[]), name="parked_statement_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(kind="programme", status="paid") | Q(paid_line__isnull=False),
                name="treasury_paid_by_a_bank_line",
            ),
            models.UniqueConstraint(
                fields=["kind", "party", "clause", "until_at"], name="one_statement_per_party_and_watermark"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "answer_by"]),
            models.Index(
                fields=["retention_due_on"],
                condition=Q(retention__gt=0, retention_released_at=None),
                name="retentions_to_release",
            ),
        ]

    def get_absolute_url(self):
        return f"/statements/{self.code}/"

    def get_status_display(self) -> str:  # type: ignore[no-redef]
        """A treasury says nothing to its statement: it is waited for until the money is here."""
        if self.kind == self.Kind.PROGRAMME and self.status == self.Status.OFFERED:
            return gettext("待到账")
        return str(self.Status(self.status).label)

    @property
    def digest_words(self) -> str:
        return in_groups(self.digest)

    @property
    def account(self) -> tuple[str, str, str]:
        """Whose statements follow each other: what one leaves below zero, the next begins with."""
        return self.kind, self.party, self.clause

    @property
    def delivered_share(self) -> str:
        """The share of the card-seconds asked of it that the provider delivered."""
        return f"{self.availability:.4%}"

    def waits_for(self, user) -> bool:
        """May this person confirm or dispute it now?"""
        is_asked = self.status == self.Status.OFFERED and self.organization is not None
        return is_asked and can(user, "statements.answer", self.organization)


class AdjustmentQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "statements.answer")
        return self if can(user, "payouts.view") else self.filter(organization_id__in=ids)

    def untaken(self):
        """Booked for a provider and on no statement yet."""
        return self.filter(
            status=Adjustment.Status.BOOKED, taken_with=None, organization__provider__isnull=False
        )

    def locked(self, adjustment_id):
        rows = self.select_for_update(of=("self",), no_key=True).select_related("organization")
        return rows.get(id=adjustment_id)


class Adjustment(models.Model):
    """An amount set right outside a bill, with its reason: one of finance proposes it, another agrees."""

    tenant = tenancy.belongs_to("organization")

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        BOOKED = "booked", _("已入账")
        REFUSED = "refused", _("未通过")

    NEXT = {Status.PROPOSED: {Status.BOOKED, Status.REFUSED}}

    code = models.CharField(_("调账编号"), max_length=32, unique=True)
    organization = models.ForeignKey("portal.Organization", on_delete=models.PROTECT, related_name="+")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, null=True, related_name="adjustments")
    amount = models.BigIntegerField(_("金额（分）"))
    reason = models.CharField(_("原因"), max_length=100)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.PROPOSED)
    proposed_by = person()
    proposed_at = models.DateTimeField(_("提交时间"))
    decided_by = person()
    decided_at = models.DateTimeField(_("复核时间"), null=True)
    answer = models.CharField(_("复核意见"), max_length=300, blank=True)
    taken_with = models.ForeignKey(Statement, on_delete=models.PROTECT, null=True, related_name="+")

    objects = AdjustmentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="adjustment_moves_something"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="nobody_agrees_to_their_own_adjustment",
            ),
        ]


class StatementLine(AppendOnly):
    """A bill line, or a programme's part of one, settled exactly once."""

    tenant = tenancy.belongs_to("statement__organization")

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    bill_line = models.ForeignKey("marketplace.BillLine", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Statement.Kind)
    party = models.CharField(max_length=40)
    clause = models.CharField(max_length=80, blank=True)
    gross = models.BigIntegerField()
    commission = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bill_line", "kind", "party", "clause"], name="a_bill_line_is_settled_once"
            ),
        ]
