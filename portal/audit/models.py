"""What happened, in an order that nobody can quietly rewrite."""

import hashlib
import json

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ALL, organization_ids
from portal.audit.register import meaning
from portal.shell.models import AppendOnly


class EventQuerySet(models.QuerySet):
    def visible_to(self, user):
        ids = organization_ids(user, "audit.view")
        return self if ids is ALL else self.filter(organization_id__in=ids)

    def unsealed(self):
        return self.filter(seal=None)


class Event(AppendOnly):
    """One thing somebody did, or that happened to a row."""

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

    def canonical(self) -> bytes:
        """The bytes that are sealed: every field, keys sorted, no spaces, UTF-8."""
        body = {
            "id": self.id,
            "happened_at": self.happened_at.isoformat(),
            "name": self.name,
            "subject": [self.subject_type, self.subject_code],
            "organization": self.organization_id,
            "actor": self.actor_id,
            "request_id": self.request_id,
            "details": self.details,
        }
        return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


class Seal(AppendOnly):
    """An event's place in its organisation's chain: SM3 over the link before it and its own bytes."""

    FIRST = "0" * 64

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="seal")
    chain = models.CharField(max_length=32)
    position = models.BigIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "position"], name="one_seal_per_position")]

    @staticmethod
    def digest_of(previous: str, canonical: bytes) -> str:
        return hashlib.new("sm3", previous.encode() + canonical).hexdigest()
