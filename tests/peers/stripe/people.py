"""What payers, banks and time do at the provider."""

from tests.peers.stripe.checkout import Checkout
from tests.peers.stripe.refunds import Refunds
from tests.peers.stripe.words import invalid


class People(Checkout, Refunds):
    def pay(self, id) -> dict:
        """The payer scans, signs in, confirms: a session or an intent that waits for a person is paid."""
        with self.lock:
            if id.startswith("cs_"):
                session = self.row("checkout.session", id)
                if session["status"] != "open":
                    raise invalid("This Checkout Session is not open.")
                intent = self._intent_of(session)
            else:
                session, intent = None, self.row("payment_intent", id)
            if intent["status"] not in (
                "requires_action",
                "requires_confirmation",
                "requires_payment_method",
            ):
                raise invalid(f"This PaymentIntent is {intent['status']}.")
            self._succeed(intent)
            if session:
                session |= {"status": "complete", "payment_status": "paid", "payment_intent": intent["id"]}
                self.happened("checkout.session.completed", session)
            return intent

    def decline(self, id) -> None:
        """The payer gave up or has no money; a hosted page lets them try again."""
        with self.lock:
            intent = self.row("payment_intent", id)
            intent |= {
                "status": "requires_payment_method",
                "next_action": None,
                "last_payment_error": {
                    "code": "payment_intent_payment_attempt_failed",
                    "message": "declined",
                },
            }
            self.happened("payment_intent.payment_failed", intent)

    def finish_refund(self, id, *, fails=False) -> None:
        with self.lock:
            refund = self.row("refund", id)
            if fails:
                charge = self.row("charge", refund["charge"])
                if refund["status"] == "succeeded":
                    self.book("payment_failure_refund", refund["amount"], id)
                charge["amount_refunded"] -= refund["amount"]
                refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
                self.happened("refund.failed", refund)
            else:
                self._refunded(refund)
                self.happened("refund.updated", refund)

    def pay_out(self) -> dict | None:
        """Everything that has not been paid out yet leaves for our bank."""
        with self.lock:
            open_rows = [
                row
                for row in self.rows.get("balance_transaction", {}).values()
                if row["payout"] is None and row["type"] != "payout"
            ]
            amount = sum(row["net"] for row in open_rows)
            if amount <= 0:
                return None
            payout = self.add(
                "payout", "po", amount=amount, currency="cny", status="paid", arrival_date=int(self.clock())
            )
            out = self.book("payout", -amount, payout["id"])
            for row in [*open_rows, out]:
                row["payout"] = payout["id"]
            payout["balance_transaction"] = out["id"]
            self.happened("payout.paid", payout)
            return payout

    def charge_fee(self, amount, description="Radar") -> dict:
        """The provider takes a fee of its own, for no payment."""
        with self.lock:
            return self.book("stripe_fee", -amount, None) | {"description": description}
