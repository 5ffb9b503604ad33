"""One story: finance of a firm tops up by WeChat Pay; the provider's signed word comes over HTTP; the page turns by itself."""

import pytest
from django.utils import timezone

from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from marketplace.payments.models import Payment
from marketplace.payments.tasks import attend_payments, read_provider_events
from tests import city as town
from tests.peers.stripe import KEY, SECRET, Chaos, Peer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_firm_tops_up_and_sees_the_money_arrive(page, login, live_server, settings):
    city = town.found(at=timezone.now())
    before = balance(Kind.PREPAID, "EN-LUDAO")
    with Peer(webhook_url=f"{live_server.url}/payments/webhooks/stripe/") as peer:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
        settings.STRIPE_API_BASE = peer.url
        login(city.fiona)
        page.goto("/wallet/")
        page.get_by_role("link", name="充值").click()
        page.get_by_label("微信支付").check()
        page.get_by_label("充值金额").fill("500")
        page.get_by_role("button", name="下一步").click()
        page.get_by_text("正在向支付机构下单").wait_for()

        attend_payments()
        page.get_by_alt_text("微信支付二维码").wait_for()
        peer.pay(Payment.objects.get().provider_id)
        assert set(peer.deliver(Chaos(seed=7, doubled=1))) == {200}
        read_provider_events()

        page.get_by_text("已到账，余额已经增加").wait_for()
        page.goto("/wallet/")
        assert balance(Kind.PREPAID, "EN-LUDAO") == before + 50_000
        assert page.get_by_text("在线支付到账").count() == 1
