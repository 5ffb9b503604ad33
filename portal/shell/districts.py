"""The districts of the city; another city edits this list."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class District(models.TextChoices):
    SIMING = "siming", _("思明区")
    HULI = "huli", _("湖里区")
    JIMEI = "jimei", _("集美区")
    HAICANG = "haicang", _("海沧区")
    TONGAN = "tongan", _("同安区")
    XIANGAN = "xiangan", _("翔安区")
