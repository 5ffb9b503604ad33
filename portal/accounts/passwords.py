"""What makes a password good enough, by the city's choice and the person's duty (docs/decisions/password-policy.md)."""

import re
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.accounts.models import PasswordRecord, User
from portal.accounts.permissions import is_officer

DJBH3 = "djbh3"
SHORTEST = 10
SHORTEST_OF_OFFICERS = 12
KINDS_OF_CHARACTERS = 3
REMEMBERED = 5
LONGEST_LIFE = timedelta(days=90)


def is_djbh3() -> bool:
    """Whether this city follows GB/T 22239 (mixed characters, history, age) rather than ASVS alone."""
    return settings.PASSWORD_POLICY == DJBH3


def is_too_old(user, at) -> bool:
    """Must this person choose a new password before anything else?"""
    return (
        is_djbh3()
        and user.has_usable_password()
        and user.password_changed_at + LONGEST_LIFE <= at
        and is_officer(user)
    )


class LongEnough:
    """Ten characters, twelve for whoever holds an office."""

    def validate(self, password, user=None):
        shortest = SHORTEST_OF_OFFICERS if user and is_officer(user) else SHORTEST
        if len(password) < shortest:
            raise ValidationError(
                _("密码至少 %(shortest)s 个字符。") % {"shortest": shortest}, code="password_too_short"
            )

    def get_help_text(self):
        return _("至少 %(shortest)s 个字符；政府、平台与管理岗位至少 %(officers)s 个。") % {
            "shortest": SHORTEST,
            "officers": SHORTEST_OF_OFFICERS,
        }


class NotOfThisPlace:
    """The city's and the platform's own names are the first that a stranger would try."""

    COMMON = ("compute", "suanli", "portal", "platform", "admin", "算力", "平台", "公共", "服务")
    LETTERS_LEFT = 4

    def validate(self, password, user=None):
        city = settings.CITY
        own = re.split(r"\W+", f"{city['name_en']} {city['product_en']}".lower())
        rest = password.lower()
        for word in (city["product"], city["name"], *own, *self.COMMON):
            rest = rest.replace(word, "") if word else rest
        if rest != password.lower() and sum(c.isalpha() for c in rest) < self.LETTERS_LEFT:
            raise ValidationError(
                _("密码不能只由城市名、平台名等常见词加数字或符号组成。"), code="password_of_this_place"
            )

    def get_help_text(self):
        return ""


class Mixed:
    """At least three of: capitals, small letters, digits, signs."""

    def validate(self, password, user=None):
        kinds = {
            "digit" if c.isdigit() else "upper" if c.isupper() else "lower" if c.islower() else "sign"
            for c in password
        }
        if is_djbh3() and len(kinds) < KINDS_OF_CHARACTERS:
            raise ValidationError(self.get_help_text(), code="password_not_mixed")

    def get_help_text(self):
        return _("大写字母、小写字母、数字、符号中至少含三种。") if is_djbh3() else ""


class NotUsedBefore:
    """An officer's last five passwords stay behind."""

    def validate(self, password, user=None):
        if not (is_djbh3() and isinstance(user, User) and user.pk and is_officer(user)):
            return
        last = user.password_records.order_by("-id")[:REMEMBERED]
        if any(check_password(password, record.digest) for record in last):
            raise ValidationError(
                _("不能使用最近 %(count)s 次用过的密码。") % {"count": REMEMBERED},
                code="password_used_before",
            )

    def password_changed(self, password, user=None):
        PasswordRecord.objects.create(user=user, digest=user.password)
        kept = user.password_records.order_by("-id").values("id")[:REMEMBERED]
        user.password_records.exclude(id__in=list(kept.values_list("id", flat=True))).delete()

    def get_help_text(self):
        return ""
