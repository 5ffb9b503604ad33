"""The tax platform, as far as we need it: a thin client of an issuing service over HTTP. Values in, values out, no rows.

No public text of the 数电票 interface was found; what is spoken here is the least any issuing service offers: hand in under our
own number, ask by it, and be told the invoice's number.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import httpx
from django.conf import settings

SECONDS = 10
UNKNOWN, CONFLICT, UNPROCESSABLE = 404, 409, 422


class NoAnswer(Exception):
    """Nobody answered, or not now; the same question again is safe."""


class State(StrEnum):
    PENDING = "pending"
    ISSUED = "issued"
    REFUSED = "refused"


@dataclass(frozen=True)
class Seen:
    """An invoice as the tax platform shows it now."""

    state: State
    number: str = ""
    issued_at: datetime | None = None
    file_url: str = ""
    refusal: str = ""


def is_on() -> bool:
    """Whether this city is connected to an issuing service."""
    return bool(settings.INVOICE_API_BASE and settings.INVOICE_API_KEY)


def hand_in(invoice) -> Seen:
    """Ask for an invoice under our own code; asking again shows the one that is there. Raises NoAnswer."""
    body = {
        "request": invoice.code,
        "color": invoice.color,
        "original": invoice.original.number if invoice.original else None,
        "amount": invoice.amount,
        "tax": invoice.tax,
        "tax_rate": str(invoice.tax_rate),
        "item": settings.INVOICE_ITEM,
        "buyer": {
            "name": invoice.buyer_name,
            "tax_number": invoice.buyer_tax_number,
            "address": invoice.buyer_address,
            "bank": invoice.buyer_bank,
            "email": invoice.email,
        },
    }
    return _seen(_asked("POST", "invoices", json=body))


def look_at(invoice) -> Seen:
    """What became of it; what the platform has never heard of is handed in. Raises NoAnswer."""
    answer = _asked("GET", f"invoices/{invoice.code}")
    return hand_in(invoice) if answer.status_code == UNKNOWN else _seen(answer)


def _asked(method, path, **body) -> httpx.Response:
    headers = {"Authorization": f"Bearer {settings.INVOICE_API_KEY}"}
    try:
        return httpx.request(
            method, f"{settings.INVOICE_API_BASE}/{path}", headers=headers, timeout=SECONDS, **body
        )
    except httpx.HTTPError as silence:
        raise NoAnswer(str(silence)) from silence


def _safe(url: str) -> str:
    """Only what a page may link to."""
    return url if url.startswith("https://") else ""


def _seen(answer: httpx.Response) -> Seen:
    try:
        said = answer.json()
        if answer.status_code in (CONFLICT, UNPROCESSABLE):
            return Seen(State.REFUSED, refusal=str(said["reason"])[:200])
        answer.raise_for_status()
        issued_at = said.get("issued_at")
        return Seen(
            State(said["state"]),
            number=said.get("number") or "",
            issued_at=datetime.fromisoformat(issued_at) if issued_at else None,
            file_url=_safe(said.get("file_url") or ""),
            refusal=said.get("reason") or "",
        )
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as nonsense:
        raise NoAnswer(f"{answer.status_code}: {nonsense}") from nonsense
