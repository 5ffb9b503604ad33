"""The keys that people give their programs."""

import hashlib
import secrets

from allauth.idp.oidc.models import Client
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.organizations.models import Organization
from portal.shell import tenancy


class TokenQuerySet(models.QuerySet):
    def usable(self, at):
        return self.filter(revoked_at=None, expires_at__gt=at, user__is_active=True)

    def visible_to(self, user):
        return self.filter(user=user)

    def with_state(self):
        """Whether each may still be used, as the database sees the time."""
        return self.annotate(
            state=Case(
                When(revoked_at__isnull=False, then=Value("revoked")),
                When(expires_at__lte=Now(), then=Value("expired")),
                default=Value("active"),
            )
        )


class ApiToken(models.Model):
    """A program's key: acts for one person in one organisation, within its scopes. Only its hash is kept."""

    tenant = tenancy.belongs_to("user")

    PREFIX = "pc_live_"

    code = models.CharField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("用途"), max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("权限范围"))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("到期时间"))
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    def __str__(self):
        return self.name

    @classmethod
    def new_secret(cls) -> str:
        return cls.PREFIX + secrets.token_urlsafe(32)

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()


class ApplicationQuerySet(models.QuerySet):
    def usable(self):
        return self.filter(revoked_at=None, created_by__is_active=True)

    def of(self, organization):
        return self.filter(organization=organization)


class Application(models.Model):
    """A program that fetches its own short-lived keys (OAuth 2.0 client credentials) and acts for one organisation."""

    tenant = tenancy.belongs_to("organization")

    SECRET_PREFIX = "pc_app_"

    code = models.CharField(max_length=32, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="applications")
    name = models.CharField(_("名称"), max_length=60)
    client = models.OneToOneField(Client, on_delete=models.PROTECT, related_name="application")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="applications"
    )
    created_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ApplicationQuerySet.as_manager()

    @classmethod
    def new_secret(cls) -> str:
        return cls.SECRET_PREFIX + secrets.token_urlsafe(32)

    @property
    def scopes(self) -> list[str]:
        return self.client.get_scopes()
