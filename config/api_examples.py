"""One request for every operation, in curl and in Python; a test runs them all as they stand in the reference."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pprint import pformat

ORDER = {
    "plan": "unicom-h800",
    "project": "PJ-LUDAO-LAB",
    "cards": 1,
    "hours": "1",
    "command": "python train.py",
    "files": [{"path": "train.py", "content": "print('hello')"}],
}
# A voucher ends after today, whenever this is read.
NEXT_MONTH = (datetime.now(UTC) + timedelta(days=31)).strftime("%Y-%m-01T00:00:00+08:00")
VOUCHER = {"organization": "EN-LUDAO", "amount": "100.00", "expires_at": NEXT_MONTH}
RECEIPT = {
    "organization": "EN-LUDAO",
    "bank_reference": "20261121-000001",
    "amount": "5000.00",
    "received_on": "2026-11-21",
}

LISTENER = {"url": "https://erp.example.com/hooks/compute", "events": ["order.billed", "bill.posted"]}


@dataclass(frozen=True)
class Example:
    """A request as one may send it; `code` names the variable that holds the code in its path."""

    code: str = ""
    query: dict = field(default_factory=dict)
    body: dict | None = None
    key: str = ""
    is_public: bool = False
    is_basic: bool = False

    def path(self, path: str, opening: str, closing: str = "") -> str:
        return path.replace("{code}", f"{opening}{self.code}{closing}")

    def curl(self, method: str, path: str) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        url = '"$PORTAL' + self.path(path, "$") + (f"?{query}" if query else "") + '"'
        lines = [f"curl --fail-with-body --silent --show-error --request {method} {url}"]
        if self.is_basic:
            lines.append('--user "$LOGIN:$PASSWORD"')
        elif not self.is_public:
            lines.append('--header "Authorization: Bearer $TOKEN"')
        if self.key:
            lines.append(f'--header "Idempotency-Key: {self.key}"')
        if self.body is not None:
            text = json.dumps(self.body, ensure_ascii=False).replace("'", r"'\''")
            lines += ['--header "Content-Type: application/json"', f"--data '{text}'"]
        return " \\\n  ".join(lines)

    def python(self, method: str, path: str) -> str:
        headers = []
        if not self.is_public and not self.is_basic:
            headers.append('"Authorization": "Bearer " + os.environ["TOKEN"]')
        if self.key:
            headers.append(f'"Idempotency-Key": "{self.key}"')
        url = self.path(path, '" + os.environ["', '"] + "')
        given = [f'    "{method}",', f'    os.environ["PORTAL"] + "{url}",']
        if self.query:
            given.append(f"    params={pformat(self.query)},")
        if self.is_basic:
            given.append('    auth=(os.environ["LOGIN"], os.environ["PASSWORD"]),')
        if headers:
            given.append("    headers={" + ", ".join(headers) + "},")
        if self.body is not None:
            body = pformat(self.body, width=80, sort_dicts=False).replace("\n", "\n    ")
            given.append(f"    json={body},")
        lines = ["import os", "", "import httpx", "", "answer = httpx.request(", *given, ")"]
        return "\n".join([*lines, "answer.raise_for_status()", "print(answer.text)"])


EXAMPLES = {
    "accelerators_list": Example(query={"ordering": "-memory_gb"}, is_public=True),
    "approvals_list": Example(query={"status": "pending"}),
    "approvals_retrieve": Example("APPROVAL"),
    "approvals_decision_create": Example("APPROVAL", body={"approve": True}),
    "audit_events_list": Example(query={"since": "2026-11-01", "limit": 10}),
    "bank_lines_list": Example(query={"status": "waiting"}),
    "monthly_bills_list": Example(query={"month": "2026-11"}),
    "monthly_bills_retrieve": Example("MONTHLY_BILL"),
    "budgets_list": Example(query={"ordering": "-monthly_budget"}),
    "costs_retrieve": Example(query={"by": "accelerator", "since": "2026-10", "until": "2026-11"}),
    "monthly_bills_payment_create": Example("MONTHLY_BILL"),
    "bills_list": Example(query={"month": "2026-11", "ordering": "-gross", "expand": "order"}),
    "clusters_list": Example(query={"accelerator": "h800"}),
    "device_logins_create": Example(
        body={"client_id": "erp", "machine": "laptop", "scope": "orders:read"}, is_public=True
    ),
    "exports_create": Example(body={"list": "orders", "form": "csv", "query": "status=billed"}),
    "exports_retrieve": Example("EXPORT"),
    "operations_list": Example(query={"state": "running", "limit": 20}),
    "operations_retrieve": Example("OPERATION"),
    "orders_list": Example(
        query={"status": "confirmed", "fields": "code,status,plan", "expand": "plan", "limit": 20}
    ),
    "orders_create": Example(body=ORDER, key="order-20261121-01"),
    "orders_retrieve": Example("ORDER", query={"expand": "plan,project"}),
    "orders_cancel_create": Example("ORDER"),
    "orders_log_retrieve": Example("ORDER"),
    "orders_placement_list": Example("ORDER"),
    "invoices_list": Example(),
    "invoices_create": Example(
        body={"amount": "10.00", "email": "fapiao@example.com"}, key="invoice-20261121-01"
    ),
    "payments_list": Example(query={"status": "open"}),
    "payments_create": Example(body={"method": "transfer", "amount": "5000.00"}, key="top-up-20261121-01"),
    "payments_retrieve": Example("PAYMENT"),
    "plans_list": Example(query={"accelerator": "h800", "cards": 8, "hours": 3}, is_public=True),
    "plans_retrieve": Example("PLAN", is_public=True),
    "programmes_list": Example(),
    "programmes_vouchers_create": Example("PROGRAMME", body=VOUCHER, key="voucher-20261121-01"),
    "projects_list": Example(),
    "refunds_list": Example(query={"limit": 5}),
    "credit_lines_list": Example(query={"limit": 5}),
    "payout_batches_list": Example(query={"limit": 5}),
    "payouts_list": Example(query={"limit": 5}),
    "adjustments_list": Example(query={"limit": 5}),
    "settlement_terms_list": Example(query={"limit": 5}),
    "receipts_list": Example(query={"ordering": "-amount"}),
    "receipts_create": Example(body=RECEIPT),
    "statements_list": Example(query={"limit": 5}),
    "statements_create": Example(body={}),
    "statements_retrieve": Example("STATEMENT"),
    "statements_confirmation_create": Example("STATEMENT"),
    "statements_dispute_create": Example(
        "STATEMENT", body={"reason": "Two card-hours of 3 September, 14:00 are missing"}
    ),
    "tokens_create": Example(body={"name": "ERP", "scopes": ["orders:read"], "days": 30}, is_basic=True),
    "vouchers_list": Example(query={"status": "active"}),
    "webhooks_list": Example(),
    "webhooks_create": Example(body=LISTENER),
    "webhooks_retrieve": Example("WEBHOOK"),
    "webhooks_revision_create": Example("WEBHOOK", body=LISTENER),
    "webhooks_rotation_create": Example("WEBHOOK"),
    "webhooks_test_create": Example("WEBHOOK"),
    "webhooks_pause_create": Example("WEBHOOK"),
    "webhooks_resumption_create": Example("WEBHOOK"),
    "webhooks_removal_create": Example("WEBHOOK"),
    "wallet_retrieve": Example(),
}
