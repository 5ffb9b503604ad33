"""One request and its answer, with Stripe's rule for idempotency keys around it."""

import hashlib
import json

from tests.peers.stripe.people import People
from tests.peers.stripe.words import Refused, invalid, listed, nested, only, whole

KEY = "sk_test_peer"


class Interface(People):
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
