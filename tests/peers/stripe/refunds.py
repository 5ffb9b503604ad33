"""Money that goes back."""

from tests.peers.stripe.state import State
from tests.peers.stripe.words import amount_of, invalid, only


class Refunds(State):
    def _create_refund(self, params):
        only(params, "payment_intent", "charge", "amount", "reason", "metadata")
        if "payment_intent" in params:
            intent = self.row("payment_intent", params["payment_intent"])
            if not intent["latest_charge"]:
                raise invalid(
                    f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
                )
            charge = self.row("charge", intent["latest_charge"])
        else:
            charge = self.row("charge", params.get("charge"))
        left = charge["amount"] - charge["amount_refunded"]
        if left == 0:
            raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
        amount = amount_of(params, "amount") if "amount" in params else left
        if amount > left:
            raise invalid(
                f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).",
                param="amount",
            )
        if self.refuses_refunds:
            raise invalid("Insufficient funds in your account.", code="balance_insufficient")
        charge["amount_refunded"] += amount
        refund = self.add(
            "refund",
            "re",
            amount=amount,
            currency=charge["currency"],
            charge=charge["id"],
            payment_intent=charge["payment_intent"],
            metadata=params.get("metadata", {}),
            status="pending",
            failure_reason=None,
            balance_transaction=None,
        )
        # A card's issuer is told at once; a wallet answers later.
        if charge["payment_method_details"]["type"] == "card":
            self._refunded(refund)
        self.happened("refund.created", refund)
        self.happened("charge.refunded", charge)
        return refund

    def _refunded(self, refund):
        charge = self.row("charge", refund["charge"])
        kind = "refund" if charge["payment_method_details"]["type"] == "card" else "payment_refund"
        entry = self.book(kind, -refund["amount"], refund["id"], currency=refund["currency"])
        refund |= {"status": "succeeded", "balance_transaction": entry["id"]}
