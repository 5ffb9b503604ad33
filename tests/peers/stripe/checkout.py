"""Checkout Sessions: a page of the provider's own that ends in a PaymentIntent."""

from tests.peers.stripe.intents import Intents
from tests.peers.stripe.words import amount_of, currency_of, invalid, listed, methods_of, only, whole

DAY = 24 * 3600


class Checkout(Intents):
    def _create_session(self, params):
        only(
            params, "mode", "line_items", "success_url", "cancel_url", "client_reference_id", "metadata",
            "payment_intent_data", "payment_method_types", "expires_at", "locale",
        )  # fmt: skip
        if params.get("mode") != "payment":
            raise invalid("You must provide a mode: payment.", code="parameter_missing", param="mode")
        if "success_url" not in params:
            raise invalid(
                "Missing required param: success_url.", code="parameter_missing", param="success_url"
            )
        items = listed(params.get("line_items"))
        if not items:
            raise invalid("Missing required param: line_items.", code="parameter_missing", param="line_items")
        prices = [item.get("price_data", {}) for item in items]
        ends = whole(params, "expires_at", int(self.clock()) + DAY, least=0, most=10**11)
        if not self.clock() + 1800 - 60 <= ends <= self.clock() + DAY + 60:
            raise invalid(
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
                param="expires_at",
            )
        total = sum(
            amount_of(price, "unit_amount") * whole(item, "quantity", None, least=1, most=999)
            for price, item in zip(prices, items)
        )
        session = self.add(
            "checkout.session",
            "cs",
            mode="payment",
            amount_total=total,
            currency=currency_of(prices[0].get("currency")),
            payment_method_types=methods_of(params),
            client_reference_id=params.get("client_reference_id"),
            metadata=params.get("metadata", {}),
            payment_intent=None,
            payment_intent_data=params.get("payment_intent_data", {}),
            success_url=params["success_url"],
            expires_at=ends,
            status="open",
            payment_status="unpaid",
        )
        session["url"] = f"{self.url}/pay/{session['id']}"
        return session

    def _intent_of(self, session):
        return self.add(
            "payment_intent",
            "pi",
            amount=session["amount_total"],
            amount_received=0,
            currency=session["currency"],
            payment_method_types=session["payment_method_types"],
            metadata=session["payment_intent_data"].get("metadata", {}),
            status="requires_confirmation",
            next_action=None,
            latest_charge=None,
            last_payment_error=None,
            canceled_at=None,
        )

    def _expire_session(self, session, params):
        only(params)
        if session["status"] != "open":
            raise invalid('Only Checkout Sessions with a status in ["open"] can be expired.')
        session |= {"status": "expired", "url": None}
        self.happened("checkout.session.expired", session)
        return session
