"""The product's own sweeps, in the order in which news travels."""

from marketplace.bank.tasks import credit_bank_lines, match_provider_payouts
from marketplace.billing.tasks import bill_finished_orders, bill_reservations, follow_bill_refunds
from marketplace.orders.tasks import follow_approvals, follow_payments, follow_workloads
from marketplace.payments.models import ProviderEvent
from marketplace.payments.tasks import (
    attend_payments,
    attend_refunds,
    end_payments_of_orders,
    follow_refund_approvals,
    read_provider_events,
    reconcile_with_provider,
)
from marketplace.payouts.tasks import follow_payout_approvals, match_payouts
from scheduler.dispatch.tasks import (
    cancel_requested_workloads,
    observe_open_workloads,
    submit_queued_workloads,
)


def take_money():
    while ProviderEvent.objects.unread().exists():
        read_provider_events()
    attend_payments()
    follow_payments()
    end_payments_of_orders()


def hear_second_persons():
    follow_approvals()
    follow_refund_approvals()
    follow_bill_refunds()
    follow_payout_approvals()


def begin_work():
    submit_queued_workloads()


def look_at_work():
    cancel_requested_workloads()
    observe_open_workloads()
    follow_workloads()


def bill():
    bill_finished_orders()
    bill_reservations()
    attend_refunds()


def reconcile():
    reconcile_with_provider()
    for _batch in range(3):
        credit_bank_lines()
    match_provider_payouts()
    match_payouts()
    follow_payments()
