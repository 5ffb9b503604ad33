"""A payment provider on this machine, spoken to over real HTTP by the official `stripe` library.

It knows what our gateway uses of Stripe — PaymentIntents (card, alipay, wechat_pay), Checkout Sessions, refunds, balance
transactions, payouts, events, signed webhooks, idempotency keys — and refuses what Stripe refuses: a wrong success would be
worse than a refusal. What a payer, a bank or time does at the provider are the methods of `Peer`.
"""

from tests.peers.stripe.intents import FEES
from tests.peers.stripe.interface import KEY
from tests.peers.stripe.post import SECRET, Chaos, signature
from tests.peers.stripe.server import Peer

__all__ = ["FEES", "KEY", "SECRET", "Chaos", "Peer", "signature"]
