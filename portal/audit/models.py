"""What happened, in an order that nobody can quietly rewrite."""

import json
from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, organization_ids
from portal.audit import chain
from portal.audit.register import meaning
from portal.shell import tenancy
from portal.shell.models import AppendOnly


class EventQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "audit.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def unsealed(self):
        return self.filter(seal=None)

    def asked(self, *, since=None, until=None, event="", actor="", subject="", organization="", words=""):
        """What a question of the record leaves; days are the city's own."""
        rows = self
        if since:
            rows = rows.filter(happened_at__gte=midnight(since))
        if until:
            rows = rows.filter(happened_at__lt=midnight(until, days=1))
        if event:
            rows = rows.filter(name=event)
        if actor:
            rows = rows.filter(Q(actor__username=actor) | Q(actor__name=actor))
        if subject:
            rows = rows.filter(subject_code=subject)
        if organization:
            rows = rows.filter(
                Q(organization__code=organization) | Q(organization__name__contains=organization)
            )
        if words:
            rows = rows.annotate(text=Cast("details", models.TextField())).filter(text__icontains=words)
        return rows


def midnight(day, days=0):
    """When a day of the city begins, or the one that many days later."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))


class Event(AppendOnly):
    """One thing somebody did, or that happened to a row."""

    tenant = tenancy.belongs_to("organization")

    happened_at = models.DateTimeField(_("时间"), auto_now_add=True)
    name = models.CharField(_("事件"), max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_code = models.CharField(_("对象"), max_length=150)
    organization = models.ForeignKey(
        "portal.Organization", on_delete=models.PROTECT, null=True, related_name="+"
    )
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    request_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"]),
            models.Index(fields=["subject_type", "subject_code"]),
        ]

    @property
    def meaning(self) -> str:
        """What happened, in the reader's words."""
        return meaning(self.name)

    def get_absolute_url(self):
        """A sealed event has an address: its place in its chain."""
        return self.seal.get_absolute_url()


class Seal(AppendOnly):
    """An event's place in its organisation's chain: SM3 over the link before it and its own bytes."""

    tenant = tenancy.belongs_to("event__organization")

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="seal")
    chain = models.CharField(max_length=32)
    position = models.BigIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "position"], name="one_seal_per_position")]

    @property
    def code(self) -> str:
        """How people name a link of a chain: EN-LUDAO-12."""
        return f"{self.chain}-{self.position}"

    def get_absolute_url(self):
        return reverse("audit:detail", args=[self.code])


class Checkpoint(AppendOnly):
    """What the city vouches for once an hour: how far every chain that moved had come, signed."""

    tenant = tenancy.belongs_to()

    number = models.BigIntegerField(unique=True)
    taken_at = models.DateTimeField()
    seals_up_to = models.BigIntegerField()
    events_up_to = models.BigIntegerField()
    heads = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    key_id = models.CharField(max_length=32)
    algorithm = models.CharField(max_length=16)
    signature = models.TextField()

    class Meta:
        ordering = ["number"]

    def statement(self) -> bytes:
        """The bytes that were signed."""
        return chain.statement(
            self.number,
            self.taken_at.astimezone(UTC).isoformat(),
            self.seals_up_to,
            self.events_up_to,
            self.heads,
            self.previous,
        )

    @property
    def digest(self) -> str:
        return chain.digest_of("", self.statement().decode())

    def as_json(self) -> dict:
        """As it is kept outside of the database."""
        return {
            "statement": self.statement().decode(),
            "key_id": self.key_id,
            "algorithm": self.algorithm,
            "signature": self.signature,
        }


class Archive(AppendOnly):
    """Where the table begins: everything before was carried to the archive, and this says after which links."""

    tenant = tenancy.belongs_to()

    number = models.BigIntegerField(unique=True)
    made_at = models.DateTimeField()
    until = models.DateTimeField()
    starts = models.JSONField(default=dict)
    links = models.BigIntegerField()
    file = models.CharField(max_length=80)
    sm3 = models.CharField(max_length=64)
    key_id = models.CharField(max_length=32)
    algorithm = models.CharField(max_length=16)
    signature = models.TextField()

    class Meta:
        ordering = ["number"]

    def statement(self) -> bytes:
        """The bytes that were signed."""
        body = {
            "number": self.number,
            "made_at": self.made_at.astimezone(UTC).isoformat(),
            "until": self.until.astimezone(UTC).isoformat(),
            "starts": self.starts,
            "links": self.links,
            "file": self.file,
            "sm3": self.sm3,
        }
        return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def heads(self) -> dict[str, chain.Head]:
        """The last archived link of each chain."""
        return {name: chain.Head(*head) for name, head in self.starts.items()}
