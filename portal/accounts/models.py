"""People, and the passwords they may not use again."""

from typing import cast

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts import phones
from portal.crypto.fields import BlindIndexField, EncryptedTextField
from portal.shell import tenancy


class People(UserManager):
    def with_phone(self, phone: str):
        """Whoever gave this number; numbers are sealed, so no other way finds them."""
        index = cast(BlindIndexField, self.model._meta.get_field("phone_index"))
        return self.filter(phone_index__in=index.indexes_of(phone)) if phone else self.none()

    def reached_at(self, typed: str):
        """Whoever proved that this number is theirs, however it was typed."""
        return self.with_phone(phones.normal(typed)).filter(is_phone_verified=True).first()


class User(AbstractUser):
    """Somebody who signs in."""

    tenant = tenancy.Public("read before anybody is known; pages reach people only through memberships")

    first_name = None
    last_name = None
    email = models.EmailField(_("电子邮箱"), unique=True)
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    phone = EncryptedTextField(_("手机号"), max_length=20, blank=True)
    phone_index = BlindIndexField(source="phone", db_index=True)
    is_phone_verified = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(default=timezone.now)
    disabled_reason = models.CharField(_("停用原因"), max_length=200, blank=True)
    language = models.CharField(_("语言"), max_length=12, default="zh-hans")
    enabled_at = models.DateTimeField(null=True)
    idle_warned_at = models.DateTimeField(null=True)

    objects = People()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["phone_index"],
                condition=Q(is_phone_verified=True),
                name="one_person_per_verified_phone",
            )
        ]

    @property
    def code(self):
        """How the record names this person."""
        return self.username

    def set_password(self, raw_password):
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()

    def get_full_name(self):
        return self.name or self.username

    def get_short_name(self):
        return self.get_full_name()

    def __str__(self):
        return self.get_full_name()


class PasswordRecord(models.Model):
    """The hash of a password somebody has used: an officer may not come back to it soon."""

    tenant = tenancy.Public(
        "written when somebody resets a password, before they are known; no page shows it"
    )

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="password_records")
    digest = models.CharField(max_length=128)
    created_at = models.DateTimeField(auto_now_add=True)
