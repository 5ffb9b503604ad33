"""The keys that people give their programs."""

import hashlib
from datetime import timedelta

from allauth.idp.oidc.models import Client
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import ACTIONS, memberships
from portal.organizations.models import Membership, Organization
from portal.shell import keys, tenancy

OVERLAP = timedelta(hours=24)


def _role_ended(person: str) -> When:
    """Whoever gave the key has no role left where it acts, so it opens nothing until they have one again."""
    roles = Membership.objects.filter(user=OuterRef(person), organization=OuterRef("organization"))
    return When(~Exists(roles.in_force(Now())), then=Value("role_ended"))


class TokenQuerySet(models.QuerySet):
    def opened_by(self, secret, at):
        """The usable key with this secret, or for a day after its change with the one before."""
        digest = ApiToken.digest_of(secret)
        fits = Q(digest=digest) | Q(old_digest=digest, old_until__gt=at)
        kind = ApiToken.Kind.TEST if keys.is_for_tests(secret) else ApiToken.Kind.LIVE
        return self.filter(fits, kind=kind, revoked_at=None, expires_at__gt=at, user__is_active=True)

    def locked(self, token_id):
        return (
            self.select_for_update(of=("self",), no_key=True).select_related("organization").get(id=token_id)
        )

    def visible_to(self, user):
        return self.filter(user=user)

    def with_state(self):
        """Whether each may still be used, as the database sees the time."""
        return self.annotate(
            state=Case(
                When(revoked_at__isnull=False, then=Value("revoked")),
                When(expires_at__lte=Now(), then=Value("expired")),
                _role_ended("user"),
                default=Value("active"),
            )
        )


class ApiToken(models.Model):
    """A program's key: acts for one person in one organisation, within its scopes. Only its hash is kept."""

    tenant = tenancy.belongs_to("user")

    class Kind(models.TextChoices):
        LIVE = "live", _("正式")
        TEST = "test", _("试用")

    PREFIXES = {Kind.LIVE: keys.LIVE, Kind.TEST: keys.TEST}

    code = models.CharField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("用途"), max_length=60)
    kind = models.CharField(_("类型"), max_length=4, choices=Kind.choices, default=Kind.LIVE)
    # How the secret begins, so that its owner knows it again.
    hint = models.CharField(_("令牌开头"), max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    old_digest = models.CharField(max_length=64, unique=True, null=True, blank=True)
    old_until = models.DateTimeField(null=True)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("权限范围"))
    networks = ArrayField(models.CharField(max_length=43), default=list, verbose_name=_("允许来源"))
    created_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(_("到期时间"))
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="live", hint__startswith=keys.LIVE)
                | Q(kind="test", hint__startswith=keys.TEST),
                name="key_begins_as_its_kind",
            )
        ]

    def __str__(self):
        return self.name

    @property
    def person_id(self) -> int:
        """As whom it acts."""
        return self.user_id

    @classmethod
    def new_secret(cls, kind) -> str:
        return keys.new_key(cls.PREFIXES[kind])

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()


class ClientQuerySet(models.QuerySet):
    def locked(self, row_id):
        return self.select_for_update(of=("self",), no_key=True).select_related("client").get(id=row_id)

    def with_state(self):
        return self.annotate(
            state=Case(When(revoked_at__isnull=False, then=Value("revoked")), default=Value("active"))
        )


class ConnectedClient(models.Model):
    """Somebody outside who proves themselves at our token endpoint with an id and a secret. Only its hash is kept."""

    SECRET_PREFIX: str

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    client = models.OneToOneField(Client, on_delete=models.PROTECT, related_name="%(class)s")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ClientQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self):
        return self.name

    @classmethod
    def new_secret(cls) -> str:
        return keys.new_key(cls.SECRET_PREFIX)


class ApplicationQuerySet(ClientQuerySet):
    def usable(self):
        return self.filter(revoked_at=None, created_by__is_active=True)

    def visible_to(self, user):
        """Those of the organisations that this person administers; nobody looks after another's."""
        roles = ACTIONS["applications.manage"]
        return self.filter(
            organization_id__in=[m.organization_id for m in memberships(user) if m.role in roles]
        )

    def with_state(self):
        return self.annotate(
            state=Case(
                When(revoked_at__isnull=False, then=Value("revoked")),
                _role_ended("created_by"),
                default=Value("active"),
            )
        )


class Application(ConnectedClient):
    """A program that fetches its own short-lived keys (OAuth 2.0 client credentials) and acts for one organisation."""

    tenant = tenancy.belongs_to("organization")

    SECRET_PREFIX = "pc_app_"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    networks = ArrayField(models.CharField(max_length=43), default=list, verbose_name=_("允许来源"))
    last_used_at = models.DateTimeField(null=True)

    objects = ApplicationQuerySet.as_manager()

    @property
    def person_id(self) -> int:
        """As whom it acts."""
        return self.created_by_id

    @property
    def scopes(self) -> list[str]:
        return self.client.get_scopes()


class DeviceLoginQuerySet(models.QuerySet):
    def locked(self, **which):
        return self.select_for_update(of=("self",), no_key=True).filter(**which).first()

    def waiting(self, at):
        """Those to which somebody may still say yes or no."""
        return self.filter(consented_at=None, refused_at=None, expires_at__gt=at)


class DeviceLogin(models.Model):
    """A program without a browser asks for a key; a person consents in theirs, and the program fetches it once.

    Like RFC 8628. Neither the program's secret name for it nor the key is kept: the key is made when it is fetched.
    """

    # Before somebody has answered, only the city finds it, by what the program or the person shows.
    tenant = tenancy.belongs_to("user")

    LASTS = timedelta(minutes=10)
    INTERVAL_SECONDS = 5

    code = models.CharField(max_length=32, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    user_code = models.CharField(max_length=8, unique=True)
    # What was asked, in the program's own words.
    program = models.CharField(_("程序"), max_length=40)
    machine = models.CharField(_("设备"), max_length=60, blank=True)
    asked_scopes = ArrayField(models.CharField(max_length=40))
    address = models.GenericIPAddressField(_("请求地址"), null=True)
    asked_at = models.DateTimeField(_("请求时间"))
    expires_at = models.DateTimeField()
    polled_at = models.DateTimeField(null=True)
    interval = models.PositiveSmallIntegerField(default=INTERVAL_SECONDS)
    # What a person said to it.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=4, choices=ApiToken.Kind.choices, blank=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    days = models.PositiveSmallIntegerField(null=True)
    consented_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)
    token = models.OneToOneField(ApiToken, on_delete=models.CASCADE, null=True, related_name="+")

    objects = DeviceLoginQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(consented_at=None) | Q(refused_at=None), name="device_login_answered_once"
            ),
            models.CheckConstraint(
                condition=Q(consented_at=None)
                | Q(user__isnull=False, organization__isnull=False, days__isnull=False) & ~Q(kind=""),
                name="device_login_consent_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(redeemed_at=None, token=None)
                | Q(redeemed_at__isnull=False, token__isnull=False, consented_at__isnull=False),
                name="device_login_redeemed_with_consent",
            ),
        ]

    def __str__(self):
        return f"{self.program}@{self.machine}" if self.machine else self.program

    @property
    def shown_code(self) -> str:
        return f"{self.user_code[:4]}-{self.user_code[4:]}"
