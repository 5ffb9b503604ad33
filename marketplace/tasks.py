from marketplace.bank.tasks import credit_bank_lines, match_provider_payouts
from marketplace.billing.tasks import (
    bill_finished_orders,
    bill_late_usage,
    bill_reservations,
    follow_bill_refunds,
    follow_overdue_bills,
    issue_monthly_bills,
)
from marketplace.budgets.tasks import follow_budgets
from marketplace.catalogue.tasks import follow_price_drafts
from marketplace.funding.tasks import follow_credit
from marketplace.invoices.tasks import attend_invoices, redden_invoices
from marketplace.ledger.tasks import keep_books, seal_journals
from marketplace.orders.tasks import (
    begin_reservations,
    follow_approvals,
    follow_payments,
    follow_workloads,
    forget_old_drafts,
    remind_of_endings,
)
from marketplace.payments.tasks import (
    attend_payments,
    attend_refunds,
    end_payments_of_orders,
    follow_refund_approvals,
    read_provider_events,
    reconcile_with_provider,
)
from marketplace.payouts.tasks import follow_payout_approvals, match_payouts
from marketplace.settlement.tasks import (
    close_last_month,
    follow_adjustments,
    follow_releases,
    follow_terms,
    match_treasury_receipts,
    release_retentions,
    take_silence_for_consent,
)

__all__ = [
    "follow_price_drafts",
    "attend_invoices",
    "redden_invoices",
    "attend_payments",
    "attend_refunds",
    "begin_reservations",
    "bill_finished_orders",
    "bill_late_usage",
    "bill_reservations",
    "close_last_month",
    "credit_bank_lines",
    "follow_adjustments",
    "end_payments_of_orders",
    "follow_approvals",
    "follow_budgets",
    "follow_refund_approvals",
    "follow_payout_approvals",
    "follow_releases",
    "follow_terms",
    "follow_credit",
    "follow_payments",
    "follow_bill_refunds",
    "follow_overdue_bills",
    "follow_workloads",
    "forget_old_drafts",
    "issue_monthly_bills",
    "keep_books",
    "match_payouts",
    "match_treasury_receipts",
    "match_provider_payouts",
    "read_provider_events",
    "reconcile_with_provider",
    "release_retentions",
    "remind_of_endings",
    "seal_journals",
    "take_silence_for_consent",
]
