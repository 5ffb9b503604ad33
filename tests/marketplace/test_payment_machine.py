"""Whatever the provider's post does — doubled, mixed up, late, lost and sent again — the same deeds leave the same ledger."""

from collections import Counter

import pytest
from django.conf import settings as city_settings
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from marketplace.ledger.models import Account, Journal
from marketplace.payments import actions as payments
from marketplace.payments import refunds
from marketplace.payments.models import Payment, Refund
from marketplace.payments.tasks import attend_payments, attend_refunds, read_provider_events
from marketplace.settlement import queries as books
from tests.marketplace.test_payments import HOOK
from tests.peers.stripe import KEY, SECRET, Chaos, Peer

METHODS = ["alipay", "wechat_pay", "card"]
ENDS = ["pay", "decline", "leave", "cancel", "pay and give back", "give back and fail"]
DEEDS = st.lists(
    st.tuples(st.sampled_from(METHODS), st.integers(100, 90_000), st.sampled_from(ENDS)),
    min_size=1,
    max_size=5,
)
FEW = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Town:
    """One firm, one provider, and a post that may be as bad as it likes."""

    def __init__(self, city, peer, seed):
        self.city, self.peer, self.seed, self.round = city, peer, seed, 0
        client = Client()
        peer.carry = lambda body, header: (
            client.post(
                HOOK, body, content_type="application/json", headers={"Stripe-Signature": header}
            ).status_code
        )

    def post(self):
        """The post comes, well or badly; what is read may be read again."""
        self.round += 1
        if self.seed is None:
            self.peer.deliver()
        else:
            self.peer.deliver(Chaos(self.seed + self.round, doubled=0.5, lost=0.4))
        self.sweep()

    def sweep(self):
        read_provider_events()
        attend_payments()
        attend_refunds()

    def live(self, deeds):
        opened = [self.open(n, *deed) for n, deed in enumerate(deeds)]
        for payment, (_method, _amount, end) in zip(opened, deeds):
            payment.refresh_from_db()
            self.meet(payment, end)
            self.post()
        for payment, (_method, amount, end) in zip(opened, deeds):
            if "give back" in end:
                self.give_back(payment, amount // 2 or 1, fails="fail" in end)
        # Whatever got lost is sent again in the end, and what nobody told is asked about.
        for _again in range(3):
            self.peer.resend_lost()
            self.post()
        self.hurry()

    def open(self, n, method, amount, _end):
        payment = payments.top_up(
            organization=self.city.ludao,
            method=method,
            amount=amount,
            idempotency_key=str(n),
            by=self.city.fiona,
            at=timezone.now(),
        )
        self.hurry()
        return payment

    def hurry(self):
        """Waiting times pass, so that what failed is tried again."""
        for _try in range(6):
            Payment.objects.filter(status__in=Payment.WAITING).update(due_at=timezone.now())
            Refund.objects.filter(status__in=("due", "sent"), failure="").update(due_at=timezone.now())
            attend_payments()
            attend_refunds()

    def meet(self, payment, end):
        if end.startswith(("pay", "give")):
            self.peer.pay(payment.provider_id)
        elif end == "decline" and payment.method != "card":
            self.peer.decline(payment.provider_id)
        elif end == "cancel":
            payments.cancel(payment_id=payment.id, by=self.city.fiona, at=timezone.now())
            self.hurry()

    def give_back(self, payment, amount, *, fails):
        self.hurry()
        refund = refunds.ask(
            payment_id=payment.id, amount=amount, reason="x", by=self.city.finance, at=timezone.now()
        )
        refunds.agree(refund_id=refund.id, by=self.city.checker, at=timezone.now())
        self.hurry()
        refund.refresh_from_db()
        if fails or refund.status == Refund.Status.SENT:
            self.peer.finish_refund(refund.provider_id, fails=fails)
        self.post()


def ledger_after(city, deeds, seed, accidents):
    """Every account's balance and every journal's name after these deeds; nothing of it stays."""
    with Peer() as peer, transaction.atomic():
        city_settings.STRIPE_API_BASE = peer.url
        town = Town(city, peer, seed)
        peer.accidents = list(accidents)
        town.live(deeds)
        names = dict(Payment.objects.values_list("code", "idempotency_key"))
        refunded = {r.code: f"R{names[r.payment.code]}" for r in Refund.objects.select_related("payment")}
        assert books.breaks() == []
        accounts = {
            (kind, names.get(owner, owner)): balance
            for kind, owner, balance in Account.objects.values_list("kind", "owner", "balance")
            if balance
        }
        journals = Counter(
            (kind, names.get(subject) or refunded[subject])
            for kind, subject in Journal.objects.filter(subject__in=names | refunded).values_list(
                "kind", "subject"
            )
        )
        states = sorted(
            (names[code], status) for code, status in Payment.objects.values_list("code", "status")
        )
        transaction.set_rollback(True)
    return accounts, journals, states


@pytest.fixture
def keys(settings):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
    settings.STRIPE_API_BASE = ""


@FEW
@given(
    deeds=DEEDS,
    seed=st.integers(0, 2**32),
    accidents=st.lists(st.sampled_from(["before", "after", 500, None]), max_size=4),
)
def test_any_post_leaves_the_same_ledger(city, keys, deeds, seed, accidents):
    well = ledger_after(city, deeds, None, [])
    badly = ledger_after(city, deeds, seed, accidents)

    assert badly == well
