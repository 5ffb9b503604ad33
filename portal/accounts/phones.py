"""Telephone numbers as people type them, and as the world writes them (E.164)."""

import re
import unicodedata

from allauth.account.fields import PhoneField as BasePhoneField
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

CHINESE_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
ELSEWHERE = re.compile(r"\+[1-9]\d{6,14}")


def normal(typed: str) -> str:
    """+8613800138000, whatever spaces, dashes, brackets or wide digits stood in it; nothing if it is no number."""
    plain = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", typed))
    plain = re.sub(r"^00", "+", plain)
    if chinese := CHINESE_MOBILE.fullmatch(plain):
        return f"+86{chinese[1]}"
    return plain if ELSEWHERE.fullmatch(plain) and not plain.startswith("+86") else ""


class PhoneField(BasePhoneField):
    """A number that can receive a code."""

    def __init__(self, *args, **options):
        super().__init__(
            *args,
            **options
            | {"label": _("手机号"), "validators": [], "help_text": _("境外号码请加国际区号，例如 +852")},
        )
        self.widget.attrs["placeholder"] = "138 0013 8000"

    def to_python(self, value):
        typed = super().to_python(value)
        number = normal(typed)
        if typed and not number:
            raise ValidationError(_("请输入 11 位手机号，或带国际区号的号码。"), code="invalid_phone")
        return number
