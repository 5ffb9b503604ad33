"""How many cards the city has, who has sold them, and which are promised."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Sum, When
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from federation.clusters.models import Cluster
from portal.shell import tenancy

TFLOPS_PER_P = Decimal(1000)
KINDS = ("total", "sold", "held")


VENDORS = {"华为": _("华为"), "寒武纪": _("寒武纪"), "昆仑芯": _("昆仑芯"), "海光": _("海光")}


class Accelerator(models.Model):
    """A type of card, with its dense FP16 figure and where that figure comes from."""

    tenant = tenancy.Public("the catalogue")

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(_("型号"), max_length=40)
    name_en = models.CharField(_("英文型号"), max_length=40, blank=True)
    vendor = models.CharField(_("厂商"), max_length=40)
    memory_gb = models.PositiveSmallIntegerField(_("显存（GB）"))
    fp16_tflops = models.DecimalField(_("FP16 稠密算力（TFLOPS）"), max_digits=8, decimal_places=2)
    source = models.TextField(_("数据来源"))
    source_url = models.URLField(blank=True)
    is_domestic = models.BooleanField(_("国产"), default=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(fp16_tflops__gt=0), name="accelerator_computes"),
            models.CheckConstraint(condition=~Q(source=""), name="accelerator_figure_has_a_source"),
        ]

    def __str__(self):
        return self.name

    @property
    def vendor_name(self) -> str:
        """Its maker, in the reader's language where we know the word."""
        return str(VENDORS.get(self.vendor, self.vendor))

    def petaflops(self, cards) -> Decimal:
        """Cards of this type in P (10^15 dense FP16 FLOP/s)."""
        return cards * self.fp16_tflops / TFLOPS_PER_P


def petaflops_of(cards: str, **only):
    """What a column of cards comes to in P, exactly, as the database adds it up."""
    per_card = F("accelerator__fp16_tflops") / TFLOPS_PER_P
    return Sum(F(cards) * per_card, default=Decimal(0), output_field=models.DecimalField(), **only)


def sums() -> dict:
    """cards_total_, cards_sold_, cards_held_, p_total_, p_sold_, p_held_ of some pools."""
    cards = {f"cards_{kind}_": Sum(f"cards_{kind}", default=0) for kind in KINDS}
    return cards | {f"p_{kind}_": petaflops_of(f"cards_{kind}") for kind in KINDS}


class PoolQuerySet(models.QuerySet):
    def with_clusters(self):
        """Each with its cluster and owner, which are read once however many pools share them."""
        return self.prefetch_related(models.Prefetch("cluster", Cluster.objects.select_related("provider")))

    def visible_to(self, user):
        return self.filter(cluster__in=Cluster.objects.visible_to(user))

    def totals(self) -> dict:
        """Cards and P of these pools, exactly: cards_total, cards_sold, cards_held, p_total, p_sold, p_held."""
        return {name.removesuffix("_"): amount for name, amount in self.aggregate(**sums()).items()}


class Pool(models.Model):
    """All cards of one type in one cluster, node by node: sold elsewhere by the owner, held by our orders, or free."""

    tenant = tenancy.Public("the catalogue counts free cards")

    code = models.CharField(max_length=64, unique=True)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="pools")
    accelerator = models.ForeignKey(Accelerator, on_delete=models.PROTECT, related_name="pools")
    nodes = models.PositiveIntegerField(_("节点数"))
    cards_per_node = models.PositiveSmallIntegerField(_("单节点卡数"))
    cards_total = models.PositiveIntegerField(_("总卡数"))
    cards_sold = models.PositiveIntegerField(_("平台外已售卡数"), default=0)
    cards_held = models.PositiveIntegerField(_("平台订单占用卡数"), default=0)
    sold_by_node = ArrayField(models.PositiveSmallIntegerField())
    held_by_node = ArrayField(models.PositiveSmallIntegerField())
    cards_observed = models.PositiveIntegerField(_("集群上报卡数"), null=True)
    cards_disputed = models.PositiveIntegerField(_("与占用冲突的卡数"), default=0)
    observed_at = models.DateTimeField(_("数据时间"), null=True)

    objects = PoolQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["cluster", "accelerator"], name="one_pool_per_cluster_and_card"),
            models.CheckConstraint(
                condition=Q(cards_total=F("nodes") * F("cards_per_node")),
                name="pool_total_is_nodes_times_cards",
            ),
            models.CheckConstraint(
                condition=Q(cards_sold__gte=0, cards_held__gte=0)
                & Q(cards_total__gte=F("cards_sold") + F("cards_held")),
                name="pool_is_never_oversold",
            ),
        ]

    def __str__(self):
        return self.code

    FREE = F("cards_total") - F("cards_sold") - F("cards_held")
    # `cards_usable` of a row, as the database reckons it.
    USABLE = Case(
        When(cards_observed=None, then=FREE),
        default=Greatest(0, Least(FREE, F("cards_observed") - F("cards_held"))),
        output_field=models.IntegerField(),
    )

    @property
    def cards_free(self) -> int:
        return self.cards_total - self.cards_sold - self.cards_held

    @property
    def p_total(self) -> Decimal:
        return self.accelerator.petaflops(self.cards_total)

    @property
    def p_free(self) -> Decimal:
        return self.accelerator.petaflops(self.cards_free)

    @property
    def cards_usable(self) -> int:
        """Free cards that the cluster last said it still has."""
        if self.cards_observed is None:
            return self.cards_free
        return max(0, min(self.cards_free, self.cards_observed - self.cards_held))

    @property
    def idle_by_node(self) -> list[int]:
        return [
            self.cards_per_node - sold - held
            for sold, held in zip(self.sold_by_node, self.held_by_node, strict=True)
        ]


class Hold(models.Model):
    """Cards promised to one order, on named nodes, until it is over."""

    tenant = tenancy.belongs_to()

    class State(models.TextChoices):
        OPEN = "open", _("占用中")
        RELEASED = "released", _("已释放")

    key = models.CharField(max_length=64, unique=True)
    # The promise out of which this one is made: its cards are counted there.
    within = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="inner")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="holds")
    allocation = models.JSONField()
    cards = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(cards__gt=0), name="hold_is_for_a_card"),
            models.CheckConstraint(
                condition=Q(state="open", released_at=None) | Q(state="released", released_at__isnull=False),
                name="hold_knows_when_it_ended",
            ),
        ]

    def __str__(self):
        return self.key
