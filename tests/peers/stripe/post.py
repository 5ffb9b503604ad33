"""The provider's post: signed events, carried as well or as badly as asked."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from random import Random
from urllib.request import Request, urlopen

from tests.peers.stripe.state import State

SECRET = "whsec_peer"


def signature(body: bytes, *, secret=SECRET, at=None) -> str:
    at = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


@dataclass
class Chaos:
    """How badly the post works today, from one seed: what is lost comes again with `Peer.resend_lost`."""

    seed: int
    doubled: float = 0.3
    lost: float = 0.2

    def round(self, events: list[dict]) -> tuple[list[dict], list[dict]]:
        """What arrives, in which order, and what got lost on the way."""
        random = Random(self.seed)
        lost = [event for event in events if random.random() < self.lost]
        sent = [event for event in events if event not in lost]
        sent += [event for event in sent if random.random() < self.doubled]
        random.shuffle(sent)
        return sent, lost


class Post(State):
    def deliver(self, chaos: Chaos | None = None) -> list[int]:
        """Send what happened, as the day's post allows; the statuses that came back."""
        with self.lock:
            events, self.outbox = self.outbox, []
        if chaos:
            events, lost = chaos.round(events)
            self.lost += lost
        return [self.send(event) for event in events]

    def resend_lost(self) -> list[int]:
        lost, self.lost = self.lost, []
        return [self.send(event) for event in lost]

    def send(self, event, *, secret=SECRET, at=None) -> int:
        body = json.dumps(event).encode()
        header = signature(body, secret=secret, at=at)
        if self.carry:
            return self.carry(body, header)
        headers = {"Content-Type": "application/json", "Stripe-Signature": header}
        with urlopen(Request(self.webhook_url, body, headers), timeout=10) as answer:
            return answer.status
