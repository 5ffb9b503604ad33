"""Which systems of the city sign their people in with our accounts."""

import secrets

from allauth.idp.oidc.models import Client
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy


class CitySystem(models.Model):
    """Another system of the city that sends its people to our door (OpenID Connect, authorization code with PKCE)."""

    tenant = tenancy.belongs_to()

    SECRET_PREFIX = "pc_sso_"

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(_("系统名称"), max_length=60)
    client = models.OneToOneField(Client, on_delete=models.PROTECT, related_name="city_system")
    connected_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    connected_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return self.name

    @classmethod
    def new_secret(cls) -> str:
        return cls.SECRET_PREFIX + secrets.token_urlsafe(32)
