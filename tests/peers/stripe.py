"""A payment provider on this machine, spoken to over real HTTP by the official `stripe` library.

It knows what our gateway uses of Stripe — PaymentIntents (card, alipay, wechat_pay), Checkout Sessions, refunds, balance
transactions, payouts, events, signed webhooks, idempotency keys — and refuses what Stripe refuses: a wrong success would be
worse than a refusal. What a payer, a bank or time does at the provider are the methods of `Peer`.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request, urlopen

KEY = "sk_test_peer"
SECRET = "whsec_peer"
METHODS = {"card", "alipay", "wechat_pay"}
CURRENCIES = {"cny", "usd", "hkd", "eur"}
# Basis points of the amount.
FEES = {"card": 340, "alipay": 220, "wechat_pay": 220}
DAY = 24 * 3600
MOST = 99_999_999


class Refused(Exception):
    """An answer that is an error, as Stripe words it."""

    def __init__(self, status, kind, message, *, code=None, param=None, **more):
        super().__init__(message)
        self.status = status
        said = {"type": kind, "message": message, "code": code, "param": param, **more}
        self.body = {"error": {name: value for name, value in said.items() if value is not None}}


def invalid(message, *, code=None, param=None, status=400, **more) -> Refused:
    return Refused(status, "invalid_request_error", message, code=code, param=param, **more)


def nested(pairs) -> dict:
    """`a[b][0]=c` as {"a": {"b": {"0": "c"}}}."""
    whole: dict = {}
    for name, value in pairs:
        at, *rest = name.replace("]", "").split("[")
        inside = whole
        for step in rest:
            inside, at = inside.setdefault(at, {}), step
        inside[at] = value
    return whole


def listed(value) -> list:
    return list(value.values()) if isinstance(value, dict) else []


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


@dataclass
class Peer:
    """The provider's whole state; one lock around every request."""

    webhook_url: str = ""
    rows: dict[str, dict[str, dict]] = field(default_factory=dict)
    outbox: list[dict] = field(default_factory=list)
    lost: list[dict] = field(default_factory=list)
    remembered: dict[str, tuple[str, int, dict]] = field(default_factory=dict)
    # Once each: "before" closes the connection and does nothing, "after" does it and says nothing, 500 is a bad day.
    accidents: list[Any] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    refuses_refunds: bool = False
    carry: Callable[[bytes, str], int] | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    clock: Callable[[], float] = time.time
    counter: int = 0

    # --- the house's own rows -------------------------------------------------------------------------
    def add(self, table, prefix, **fields) -> dict:
        self.counter += 1
        row = {"id": f"{prefix}_{self.counter:08d}", "object": table, "created": int(self.clock()), **fields}
        self.rows.setdefault(table, {})[row["id"]] = row
        return row

    def row(self, table, id) -> dict:
        found = self.rows.get(table, {}).get(id)
        if found is None:
            raise invalid(
                f"No such {table.replace('.', ' ')}: '{id}'", code="resource_missing", param="id", status=404
            )
        return found

    def happened(self, kind, row) -> None:
        """Snapshots go out, so that an old one may arrive after a new one."""
        data = {"object": json.loads(json.dumps(row))}
        self.outbox.append(self.add("event", "evt", type=kind, data=data, livemode=False))

    def book(self, kind, amount, source, *, fee=0, currency="cny") -> dict:
        return self.add(
            "balance_transaction",
            "txn",
            type=kind,
            amount=amount,
            fee=fee,
            net=amount - fee,
            currency=currency,
            source=source,
            status="available",
            payout=None,
        )

    # --- what people and time do there ------------------------------------------------------------------
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

    # --- the post ---------------------------------------------------------------------------------------
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

    # --- the interface ------------------------------------------------------------------------------------
    def answer(self, method, path, params, headers) -> tuple[int, dict]:
        """One request, with Stripe's rule for idempotency keys around it."""
        key = headers.get("Idempotency-Key") if method == "POST" else None
        said = hashlib.sha256(json.dumps([method, path, params], sort_keys=True).encode()).hexdigest()
        with self.lock:
            self.calls.append(f"{method} {path}")
            try:
                if headers.get("Authorization") != f"Bearer {KEY}":
                    raise Refused(401, "invalid_request_error", "Invalid API Key provided: ***")
                if key and key in self.remembered:
                    before, status, body = self.remembered[key]
                    if before != said:
                        raise Refused(
                            400,
                            "idempotency_error",
                            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                            f"Try using a key other than '{key}' if you meant to execute a different request.",
                        )
                    return status, body
                status, body = 200, self._route(method, path, nested(params))
            except Refused as refused:
                status, body = refused.status, refused.body
                # A request that was not understood has not begun, so its key is still free.
                if body["error"]["type"] != "card_error":
                    return status, body
            body = json.loads(json.dumps(body))
            if key:
                self.remembered[key] = (said, status, body)
            return status, body

    def _route(self, method, path, params):
        parts = path.removeprefix("/v1/").strip("/").split("/")
        table = {
            "payment_intents": "payment_intent",
            "sessions": "checkout.session",
            "refunds": "refund",
            "balance_transactions": "balance_transaction",
            "payouts": "payout",
            "events": "event",
            "charges": "charge",
        }.get(parts[1] if parts[0] == "checkout" else parts[0])
        rest = parts[2:] if parts[0] == "checkout" else parts[1:]
        deed = {
            ("POST", "payment_intent", 0): self._create_intent,
            ("POST", "checkout.session", 0): self._create_session,
            ("POST", "refund", 0): self._create_refund,
        }.get((method, table, len(rest)))
        if deed:
            return deed(params)
        if method == "POST" and len(rest) == 2:
            turn = getattr(self, f"_{rest[1]}_{(table or '').replace('checkout.', '')}", None)
            if turn:
                return turn(self.row(table, rest[0]), params)
        if method == "GET" and table and len(rest) == 1:
            only(params, "expand")
            return self._expanded(self.row(table, rest[0]), listed(params.get("expand")))
        if method == "GET" and table and not rest:
            return self._list(table, path, params)
        raise invalid(f"Unrecognized request URL ({method}: {path}).", status=404)

    def _list(self, table, path, params):
        only(
            params,
            "limit",
            "starting_after",
            "created",
            "expand",
            "payout",
            "type",
            "payment_intent",
            "source",
        )
        limit = whole(params, "limit", 10, least=1, most=100)
        rows = sorted(
            self.rows.get(table, {}).values(), key=lambda row: row["id"].split("_")[1], reverse=True
        )
        for name in ("payout", "type", "payment_intent", "source"):
            if name in params:
                rows = [row for row in rows if row.get(name) == params[name]]
        since = params.get("created", {})
        rows = [row for row in rows if row["created"] >= int(since.get("gte", 0))]
        if after := params.get("starting_after"):
            self.row(table, after)
            rows = rows[[row["id"] for row in rows].index(after) + 1 :]
        inside = [name.removeprefix("data.") for name in listed(params.get("expand"))]
        data = [self._expanded(row, inside) for row in rows[:limit]]
        return {"object": "list", "url": path, "has_more": len(rows) > limit, "data": data}

    def _expanded(self, row, names):
        row = dict(row)
        tables = {
            "ch": "charge",
            "re": "refund",
            "po": "payout",
            "pi": "payment_intent",
            "txn": "balance_transaction",
        }
        for name in names:
            name, _dot, rest = name.partition(".")
            if name not in row:
                raise invalid(f"This property cannot be expanded ({name}).")
            if isinstance(row[name], str):
                row[name] = self._expanded(
                    self.row(tables[row[name].split("_")[0]], row[name]), [rest] if rest else []
                )
        return row

    # --- payment intents -------------------------------------------------------------------------------------
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

    # --- checkout ---------------------------------------------------------------------------------------------
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

    # --- refunds -----------------------------------------------------------------------------------------------
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

    # --- life ----------------------------------------------------------------------------------------------------
    def __enter__(self):
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.serve("GET")

            def do_POST(self):
                self.serve("POST")

            def do_DELETE(self):
                self.serve("DELETE")

            def serve(self, method):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                parts = urlsplit(self.path)
                accident = peer.accidents.pop(0) if peer.accidents else None
                if accident == "before":
                    return self.hang_up()
                if accident == 500:
                    return self.say(
                        500, {"error": {"type": "api_error", "message": "An unknown error occurred"}}
                    )
                status, answer = peer.answer(
                    method,
                    parts.path,
                    parse_qsl(body if method == "POST" else parts.query, keep_blank_values=True),
                    self.headers,
                )
                if accident == "after":
                    return self.hang_up()
                self.say(status, answer)

            def hang_up(self):
                self.close_connection = True

            def say(self, status, answer):
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()


# --- what Stripe checks -----------------------------------------------------------------------------------------
def only(params, *known):
    for name in params:
        if name not in known:
            raise invalid(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def whole(params, name, default, *, least, most) -> int:
    text = params.get(name)
    if text is None and default is not None:
        return default
    if text is None:
        raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    try:
        number = int(text)
    except ValueError:
        raise invalid(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name) from None
    if number < least:
        raise invalid(
            f"This value must be greater than or equal to {least}.",
            code="parameter_invalid_integer",
            param=name,
        )
    if number > most:
        raise invalid(f"{name} must be no more than {most}", code="amount_too_large", param=name)
    return number


def amount_of(params, name) -> int:
    return whole(params, name, None, least=1, most=MOST)


def currency_of(text) -> str:
    if not text:
        raise invalid("Missing required param: currency.", code="parameter_missing", param="currency")
    if text not in CURRENCIES:
        raise invalid(f"Invalid currency: {text}.", param="currency")
    return text


def methods_of(params) -> list[str]:
    methods = listed(params.get("payment_method_types")) or ["card"]
    for method in methods:
        if method not in METHODS:
            raise invalid(
                f'The payment method type "{method}" is invalid.',
                code="payment_intent_invalid_parameter",
                param="payment_method_types",
            )
    return methods


def unexpected(intent, deed) -> Refused:
    return invalid(
        f"You cannot {deed} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


def signature(body: bytes, *, secret=SECRET, at=None) -> str:
    at = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
