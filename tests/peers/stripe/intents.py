"""PaymentIntents: asked for, confirmed, paid or cancelled."""

from tests.peers.stripe.state import State
from tests.peers.stripe.words import (
    Refused,
    amount_of,
    currency_of,
    invalid,
    methods_of,
    only,
    unexpected,
)

# Basis points of the amount.
FEES = {"card": 340, "alipay": 220, "wechat_pay": 220}


class Intents(State):
    def _create_intent(self, params):
        only(
            params, "amount", "currency", "payment_method_types", "payment_method_data", "payment_method_options",
            "payment_method", "confirm", "return_url", "metadata", "description",
        )  # fmt: skip
        intent = self.add(
            "payment_intent",
            "pi",
            amount=amount_of(params, "amount"),
            amount_received=0,
            currency=currency_of(params.get("currency")),
            payment_method_types=methods_of(params),
            metadata=params.get("metadata", {}),
            description=params.get("description"),
            status="requires_payment_method",
            next_action=None,
            latest_charge=None,
            last_payment_error=None,
            canceled_at=None,
        )
        try:
            if params.get("confirm") == "true":
                return self._confirm_payment_intent(intent, params, is_new=True)
        except Refused as refused:
            if refused.body["error"]["type"] != "card_error":
                del self.rows["payment_intent"][intent["id"]]
            raise
        self.happened("payment_intent.created", intent)
        return intent

    def _confirm_payment_intent(self, intent, params, is_new=False):
        if not is_new:
            only(params, "payment_method", "payment_method_data", "payment_method_options", "return_url")
        if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
            raise unexpected(intent, "confirm")
        data = params.get("payment_method_data", {})
        chosen = data.get("type") or ("card" if "payment_method" in params else None)
        if chosen is None:
            raise invalid(
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
                code="payment_intent_unexpected_state",
            )
        if chosen not in intent["payment_method_types"]:
            raise invalid(f"The PaymentMethod type {chosen} is not allowed here.", param="payment_method")
        intent["payment_method"] = chosen
        if is_new:
            self.happened("payment_intent.created", intent)
        if chosen == "wechat_pay":
            options = params.get("payment_method_options", {}).get("wechat_pay", {})
            if options.get("client") not in ("web", "ios", "android"):
                raise invalid(
                    "Missing required param: payment_method_options[wechat_pay][client].",
                    code="parameter_missing",
                    param="payment_method_options[wechat_pay][client]",
                )
            action = {
                "data": f"weixin://wxpay/bizpayurl?pr={intent['id']}",
                "hosted_instructions_url": "",
                "image_data_url": "",
            }
            return self._waits(
                intent, {"type": "wechat_pay_display_qr_code", "wechat_pay_display_qr_code": action}
            )
        if chosen == "alipay":
            return self._waits(
                intent,
                {"type": "alipay_handle_redirect", "alipay_handle_redirect": self._redirect(intent, params)},
            )
        card = params.get("payment_method")
        if card == "pm_card_authenticationRequired":
            return self._waits(
                intent, {"type": "redirect_to_url", "redirect_to_url": self._redirect(intent, params)}
            )
        if card == "pm_card_chargeDeclined":
            intent["last_payment_error"] = {"code": "card_declined", "decline_code": "generic_decline"}
            self.happened("payment_intent.payment_failed", intent)
            raise Refused(
                402,
                "card_error",
                "Your card was declined.",
                code="card_declined",
                decline_code="generic_decline",
                payment_intent=intent,
            )
        if card != "pm_card_visa":
            raise invalid(f"No such PaymentMethod: '{card}'", code="resource_missing", param="payment_method")
        return self._succeed(intent)

    def _redirect(self, intent, params):
        if "return_url" not in params:
            raise invalid("A return_url must be specified.", code="parameter_missing", param="return_url")
        return {"return_url": params["return_url"], "url": f"{self.url}/pay/{intent['id']}"}

    def _waits(self, intent, action):
        intent |= {"status": "requires_action", "next_action": action}
        self.happened("payment_intent.requires_action", intent)
        return intent

    def _succeed(self, intent):
        method = intent.get("payment_method") or intent["payment_method_types"][0]
        charge = self.add(
            "charge",
            "ch",
            amount=intent["amount"],
            amount_refunded=0,
            currency=intent["currency"],
            payment_intent=intent["id"],
            metadata=intent["metadata"],
            status="succeeded",
            payment_method_details={"type": method},
        )
        fee = (intent["amount"] * FEES[method] + 5000) // 10_000
        kind = "charge" if method == "card" else "payment"
        entry = self.book(kind, intent["amount"], charge["id"], fee=fee, currency=intent["currency"])
        charge["balance_transaction"] = entry["id"]
        intent |= {
            "status": "succeeded",
            "next_action": None,
            "amount_received": intent["amount"],
            "latest_charge": charge["id"],
        }
        self.happened("charge.succeeded", charge)
        self.happened("payment_intent.succeeded", intent)
        return intent

    def _cancel_payment_intent(self, intent, params):
        only(params, "cancellation_reason")
        if not intent["status"].startswith("requires_"):
            raise unexpected(intent, "cancel")
        intent |= {"status": "canceled", "next_action": None, "canceled_at": int(self.clock())}
        self.happened("payment_intent.canceled", intent)
        return intent
