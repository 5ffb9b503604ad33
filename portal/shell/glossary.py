"""What a status looks like: colour and icon always travel with the word."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    tone: str
    icon: str


WAITING = Look("warn", "clock")
MOVING = Look("info", "progress")
GOOD = Look("ok", "check")
BAD = Look("bad", "alert")
OVER = Look("quiet", "stop")
DRAFT = Look("quiet", "edit")

LOOKS = {
    "draft": DRAFT,
    "drafted": DRAFT,
    "parked": BAD,
    "disputed": BAD,
    "offered": WAITING,
    "proposed": WAITING,
    "prepared": WAITING,
    "ordered": MOVING,
    "created": MOVING,
    "sent": MOVING,
    "in_force": GOOD,
    "booked": GOOD,
    "replaced": OVER,
    "dropped": OVER,
    "done": GOOD,
    "gone": BAD,
    "pending": WAITING,
    "queued": WAITING,
    "requested": WAITING,
    "waiting": WAITING,
    "awaiting_approval": WAITING,
    "awaiting_payment": WAITING,
    "submitted": WAITING,
    "due": WAITING,
    "given": GOOD,
    "asked": WAITING,
    "connecting": WAITING,
    "incident": BAD,
    "refused": BAD,
    "maintenance": MOVING,
    "planned": MOVING,
    "lasting": WAITING,
    "over": OVER,
    "held": WAITING,
    "confirmed": MOVING,
    "submitting": MOVING,
    "accepted": MOVING,
    "running": MOVING,
    "cancelling": MOVING,
    "issued": MOVING,
    "open": MOVING,
    "refunded": OVER,
    "lapsed": OVER,
    "suspended": WAITING,
    "returned": WAITING,
    "paid": GOOD,
    "matched": GOOD,
    "explained": OVER,
    "ready": GOOD,
    "delivered": GOOD,
    "unread": MOVING,
    "active": GOOD,
    "approved": GOOD,
    "published": GOOD,
    "online": GOOD,
    "listed": GOOD,
    "succeeded": GOOD,
    "finished": GOOD,
    "billed": GOOD,
    "captured": GOOD,
    "redeemed": GOOD,
    "settled": GOOD,
    "closed": OVER,
    "used": OVER,
    "released": OVER,
    "cancelled": OVER,
    "revoked": OVER,
    "role_ended": BAD,
    "expired": OVER,
    "withdrawn": OVER,
    "superseded": OVER,
    "unlisted": OVER,
    "offline": BAD,
    "failed": BAD,
    "rejected": BAD,
    "lost": BAD,
    "reminded": BAD,
    "stopped": BAD,
    "frozen": BAD,
    "live": GOOD,
    "test": DRAFT,
}


def look(word: str) -> Look:
    """The look of a machine word; words nobody has placed are shown quietly, never wrongly."""
    return LOOKS.get(str(word), Look("quiet", "dot"))
