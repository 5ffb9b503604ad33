"""Short messages leave the house through one door; `SMS_BACKEND` names the function that carries them."""

import logging

from django.conf import settings
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)


def send(phone: str, text: str) -> None:
    """Have this text carried to this number."""
    import_string(settings.SMS_BACKEND)(phone, text)


def simulated(phone: str, text: str) -> None:
    """模拟短信: nothing is sent, the text stands in the log of the server."""
    log.warning("模拟短信 %s: %s", phone, text)


def is_simulated() -> bool:
    """Must a page say that no message will arrive?"""
    return f"{__name__}.simulated" == settings.SMS_BACKEND
