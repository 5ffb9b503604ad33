"""What a provider is owed and what a government has paid for, up to a watermark."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, organization_ids
from portal.shell import tenancy
from portal.shell.models import AppendOnly


class StatementQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "statements.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)


class Statement(AppendOnly):
    """The bill lines of one party, closed once; closed rows never change."""

    tenant = tenancy.belongs_to("organization")

    class Kind(models.TextChoices):
        PROVIDER = "provider", _("服务商结算单")
        PROGRAMME = "programme", _("财政补贴结算单")

    code = models.CharField(max_length=32, unique=True)
    kind = models.CharField(_("类型"), max_length=12, choices=Kind)
    party = models.CharField(max_length=40)
    title = models.CharField(_("结算对象"), max_length=120)
    organization = models.ForeignKey(
        "portal.Organization", on_delete=models.PROTECT, null=True, related_name="+"
    )
    from_at = models.DateTimeField(_("起始"))
    until_at = models.DateTimeField(_("截至"))
    line_count = models.PositiveIntegerField(_("明细条数"))
    gross = models.BigIntegerField(_("总额（分）"))
    commission = models.BigIntegerField(_("佣金（分）"), default=0)
    net = models.BigIntegerField(_("结算额（分）"))
    card_seconds = models.BigIntegerField(_("计费卡秒"))
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(_("结算时间"))

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(net=F("gross") - F("commission")), name="statement_adds_up"),
            models.UniqueConstraint(
                fields=["kind", "party", "until_at"], name="one_statement_per_party_and_watermark"
            ),
        ]

    def get_absolute_url(self):
        return f"/statements/{self.code}/"


class StatementLine(AppendOnly):
    """A bill line, or a programme's part of one, settled exactly once."""

    tenant = tenancy.belongs_to("statement__organization")

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    bill_line = models.ForeignKey("marketplace.BillLine", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Statement.Kind)
    party = models.CharField(max_length=40)
    gross = models.BigIntegerField()
    commission = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bill_line", "kind", "party"], name="a_bill_line_is_settled_once"
            ),
        ]
