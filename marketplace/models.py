from marketplace.bank.models import BankDay, BankFile, BankLine
from marketplace.billing.models import Bill, BillItem, BillLine, BillPart, BillRefund
from marketplace.budgets.models import BudgetMark
from marketplace.catalogue.history import PlanPriceVersion, PlanVersion
from marketplace.catalogue.models import Plan, PlanPrice, PriceDraft
from marketplace.funding.history import CreditLineVersion
from marketplace.funding.models import CreditLine, FundingHold
from marketplace.invoices.models import Invoice, InvoiceTitle
from marketplace.ledger.models import Account, Entry, Journal, JournalSeal, Snapshot
from marketplace.orders.models import DraftFile, Order, OrderDraft, OrderStop
from marketplace.payments.models import (
    BankReceipt,
    Difference,
    EventReading,
    Payment,
    ProviderEntry,
    ProviderEvent,
    Refund,
)
from marketplace.payouts.history import PayoutAccountVersion
from marketplace.payouts.models import Payout, PayoutAccount, PayoutBatch
from marketplace.settlement.history import TermsVersion
from marketplace.settlement.models import Adjustment, SettlementRun, Statement, StatementLine, Terms

__all__ = [
    "CreditLineVersion",
    "PayoutAccountVersion",
    "PlanPriceVersion",
    "PlanVersion",
    "TermsVersion",
    "Account",
    "Adjustment",
    "BankDay",
    "BankFile",
    "BankLine",
    "BankReceipt",
    "Bill",
    "BillItem",
    "BillLine",
    "BillPart",
    "BillRefund",
    "BudgetMark",
    "CreditLine",
    "Difference",
    "DraftFile",
    "Entry",
    "EventReading",
    "FundingHold",
    "Invoice",
    "InvoiceTitle",
    "Journal",
    "JournalSeal",
    "Order",
    "OrderDraft",
    "OrderStop",
    "Payment",
    "Payout",
    "PayoutAccount",
    "PayoutBatch",
    "Plan",
    "PriceDraft",
    "PlanPrice",
    "ProviderEntry",
    "ProviderEvent",
    "Refund",
    "SettlementRun",
    "Snapshot",
    "Statement",
    "StatementLine",
    "Terms",
]
