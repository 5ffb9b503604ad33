from django.urls import path

from marketplace.bank.api import BankFileIntake, BankLineList
from marketplace.billing.api import BillList, MonthlyBillDetail, MonthlyBillList, MonthlyBillPayment
from marketplace.budgets.api import BudgetList
from marketplace.costs.api import Costs
from marketplace.funding.api import CreditLineList, Wallet
from marketplace.invoices.api import InvoiceList
from marketplace.orders.api import OrderCancel, OrderDetail, OrderList, OrderLog, OrderPlacement
from marketplace.payments.api import PaymentDetail, PaymentList, ReceiptList, RefundList
from marketplace.payouts.api import PayoutBatchList, PayoutList
from marketplace.settlement.api import (
    AdjustmentList,
    StatementConfirmation,
    StatementDetail,
    StatementDispute,
    StatementList,
    TermsList,
)
from marketplace.storefront.api import OfferDetail, OfferList

urlpatterns = [
    path("plans/", OfferList.as_view()),
    path("plans/<str:code>/", OfferDetail.as_view()),
    path("orders/", OrderList.as_view()),
    path("orders/<str:code>/", OrderDetail.as_view()),
    path("orders/<str:code>/cancel/", OrderCancel.as_view()),
    path("orders/<str:code>/placement/", OrderPlacement.as_view()),
    path("orders/<str:code>/log/", OrderLog.as_view()),
    path("wallet/", Wallet.as_view()),
    path("payments/", PaymentList.as_view()),
    path("payments/<str:code>/", PaymentDetail.as_view()),
    path("refunds/", RefundList.as_view()),
    path("credit-lines/", CreditLineList.as_view()),
    path("payout-batches/", PayoutBatchList.as_view()),
    path("payouts/", PayoutList.as_view()),
    path("adjustments/", AdjustmentList.as_view()),
    path("settlement-terms/", TermsList.as_view()),
    path("receipts/", ReceiptList.as_view()),
    path("bank-lines/", BankLineList.as_view()),
    path("bank-files/", BankFileIntake.as_view()),
    path("invoices/", InvoiceList.as_view()),
    path("bills/", BillList.as_view()),
    path("costs/", Costs.as_view()),
    path("budgets/", BudgetList.as_view()),
    path("monthly-bills/", MonthlyBillList.as_view()),
    path("monthly-bills/<str:code>/", MonthlyBillDetail.as_view()),
    path("monthly-bills/<str:code>/payment/", MonthlyBillPayment.as_view()),
    path("statements/", StatementList.as_view()),
    path("statements/<str:code>/", StatementDetail.as_view()),
    path("statements/<str:code>/confirmation/", StatementConfirmation.as_view()),
    path("statements/<str:code>/dispute/", StatementDispute.as_view()),
]
