"""Which systems of the city sign their people in with our accounts."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from portal.shell import tenancy
from portal.tokens.models import ConnectedClient


class CitySystem(ConnectedClient):
    """Another system of the city that sends its people to our door (OpenID Connect, authorization code with PKCE)."""

    tenant = tenancy.belongs_to("consents__user")

    SECRET_PREFIX = "pc_sso_"


class CityConsentQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(user=user)

    def in_force(self, at):
        return self.filter(withdrawn_at=None, until__gt=at)


class CityConsent(models.Model):
    """A person lets one system know who they are, until a day; nothing that was given outlives it."""

    tenant = tenancy.belongs_to("user")

    LASTS = timedelta(days=90)

    code = models.CharField(max_length=32, unique=True)
    system = models.ForeignKey(CitySystem, on_delete=models.PROTECT, related_name="consents")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="city_consents")
    scopes = ArrayField(models.CharField(max_length=20))
    given_at = models.DateTimeField()
    until = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    objects = CityConsentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "user"],
                condition=Q(withdrawn_at=None),
                name="one_consent_per_system_and_person",
            )
        ]
