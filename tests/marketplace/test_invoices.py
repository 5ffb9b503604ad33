"""发票: asked for against paid amounts, issued once by a service over real HTTP, red when money went back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from marketplace.funding import actions as funding
from marketplace.invoices import actions as invoices
from marketplace.invoices import gateway, queries
from marketplace.invoices.models import Invoice
from marketplace.invoices.tasks import attend_invoices, redden_invoices
from marketplace.settlement import queries as books
from portal.organizations.models import Organization
from tests.city import NOON, bill, place, run
from tests.marketplace.test_funding import grant_credit
from tests.peers.invoices import KEY, Peer
from tests.portal.test_approvals import visitor

pytestmark = pytest.mark.django_db
Status = Invoice.Status


@pytest.fixture
def used(city):
    """Ludao has used and paid for half an hour of eight cards."""
    order = place(city)
    run(order, seconds=1800)
    return bill(order)


@pytest.fixture
def peer(settings):
    with Peer() as there:
        settings.INVOICE_API_BASE, settings.INVOICE_API_KEY = there.url, KEY
        yield there


def ask(city, amount, key="k"):
    return invoices.request(
        organization=city.ludao, amount=amount, idempotency_key=key, by=city.fiona, at=timezone.now()
    )


def cash(used):
    return sum(line.cash for line in used.lines.all())


def test_the_buyers_account_lies_sealed_and_stands_in_the_form_again(city, used):
    visitor(city.fiona).post(
        "/invoices/",
        {
            "amount": "1.00",
            "idempotency_key": "k",
            "bank": "厦门银行 6222020000001234",
            "address": "",
            "email": "",
        },
    )

    page = visitor(city.fiona).get("/invoices/").content.decode()

    assert Invoice.objects.get().buyer_bank == "厦门银行 6222020000001234"
    assert 'value="厦门银行 6222020000001234"' in page
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT buyer_bank FROM marketplace_invoice UNION SELECT bank FROM marketplace_invoicetitle"
        )
        assert not [text for (text,) in cursor.fetchall() if "6222020000001234" in text]


# --- how much ------------------------------------------------------------------------------------------
@given(st.integers(1, 10**12), st.sampled_from(["0.06", "0.13", "0.03", "0"]))
def test_tax_and_net_make_the_whole_and_the_rate(amount, rate):
    rate = Decimal(rate)

    tax = invoices.tax_in(amount, rate)

    assert abs(tax - (amount - tax) * rate) <= 1


def test_what_vouchers_paid_is_not_invoiced_to_the_firm(city, used):
    assert queries.available(city.ludao) == cash(used) < used.billed_amount

    invoice = ask(city, cash(used))

    assert (invoice.buyer_name, invoice.buyer_tax_number) == (city.ludao.name, city.ludao.credit_code)
    assert queries.available(city.ludao) == 0


def test_what_is_still_owed_cannot_be_invoiced_yet(city):
    grant_credit(city)
    order = place(city, vouchers=frozenset(), ways=("credit",))
    run(order, seconds=1800)
    bill(order)

    assert queries.available(city.ludao) == 0


@pytest.mark.parametrize("more", [1, -(10**9)])
def test_no_more_than_was_paid_and_nothing_below_zero(city, used, more):
    with pytest.raises(invoices.CannotInvoice) as refusal:
        ask(city, cash(used) + more)

    assert refusal.value.field == "amount" and "59.28" in refusal.value.message
    assert not Invoice.objects.exists()


def test_the_same_key_is_one_invoice_and_never_another(city, used):
    first = ask(city, 100)

    assert ask(city, 100) == first
    with pytest.raises(invoices.KeyReused):
        ask(city, 200)


def test_without_a_tax_number_nothing_is_asked_for(city, used):
    Organization.objects.filter(id=city.ludao.id).update(credit_code="")
    city.ludao.refresh_from_db()

    with pytest.raises(invoices.CannotInvoice):
        ask(city, 100)


# --- the issuing service -------------------------------------------------------------------------------
def test_an_invoice_gets_its_number_from_the_service_once(city, used, peer):
    invoice = ask(city, cash(used))

    attend_invoices()
    attend_invoices()

    invoice.refresh_from_db()
    assert (invoice.status, invoice.number) == (Status.ISSUED, "26352000000000000001")
    assert invoice.file_url.startswith("https://") and len(peer.handed_in) == 1
    assert city.fiona.notices.filter(url=invoice.get_absolute_url()).count() == 1


def test_a_slow_service_is_asked_again_and_not_handed_in_twice(city, used, peer):
    peer.pending_first = True
    invoice = ask(city, 100)
    attend_invoices()
    invoice.refresh_from_db()
    assert invoice.status == Status.REQUESTED and invoice.due_at > timezone.now()

    Invoice.objects.update(due_at=timezone.now())
    attend_invoices()

    invoice.refresh_from_db()
    assert invoice.status == Status.ISSUED and len(peer.handed_in) == 1


def test_silence_is_waited_out_longer_each_time(city, used, peer):
    peer.is_silent = True
    invoice = ask(city, 100)
    waits = []
    for _try in range(3):
        Invoice.objects.update(due_at=timezone.now())
        attend_invoices()
        invoice.refresh_from_db()
        waits.append(invoice.due_at - timezone.now())

    assert invoice.status == Status.REQUESTED
    assert waits[0] < timedelta(minutes=1) < waits[1] < waits[2]


def test_what_the_service_refuses_may_be_asked_for_again(city, used, peer):
    invoice = ask(city, cash(used))
    Invoice.objects.update(buyer_tax_number="X" * 18)

    attend_invoices()

    invoice.refresh_from_db()
    assert invoice.status == Status.REFUSED and "税号" in invoice.refusal
    assert queries.available(city.ludao) == cash(used)


def test_an_answer_that_makes_no_sense_moves_nothing(city, used, settings):
    settings.INVOICE_API_BASE, settings.INVOICE_API_KEY = "http://127.0.0.1:9", KEY
    invoice = ask(city, 100)

    with pytest.raises(gateway.NoAnswer):
        gateway.hand_in(invoice)
    attend_invoices()

    invoice.refresh_from_db()
    assert invoice.status == Status.REQUESTED


# --- red -----------------------------------------------------------------------------------------------
def give_back(order, share):
    """As a refunded bill does: money returns, and a line says so."""
    amount = order.billed_amount * share // 100
    line = order.lines.get()
    paid = funding.refund(
        reference=f"refund:{share}",
        order_code=order.code,
        amount=amount,
        counterpart=[funding.Line(funding.Kind.PROVIDER_ACCRUED, "unicom", amount)],
        at=NOON,
    )
    voucher = sum(part.amount for part in paid if part.hold.is_subsidy)
    fields = {
        f.attname: getattr(line, f.attname)
        for f in line._meta.concrete_fields
        if f.name not in ("id", "code")
    }
    fields |= {"kind": "refund", "original_id": line.id, "usage_id": None, "free_reason": "", "credit": 0}
    fields |= {"gross": -amount, "voucher": -voucher, "cash": voucher - amount}
    fields |= {"commission": 0, "provider_amount": -amount}
    type(line).objects.create(code=f"BL-RED-{share}", **fields)
    return amount - voucher


def test_a_refund_is_taken_back_in_red_and_the_sum_is_what_was_paid(city, used, peer):
    paid = cash(used)
    ask(city, paid // 2, "a")
    ask(city, paid - paid // 2, "b")
    attend_invoices()
    back = give_back(used, 60)

    redden_invoices()
    redden_invoices()
    attend_invoices()

    reds = Invoice.objects.filter(color=Invoice.Color.RED)
    assert sum(red.amount for red in reds) == back
    assert {red.status for red in reds} == {Status.ISSUED}
    assert peer.total == paid - back
    assert queries.settled() == queries.invoiced() == {city.ludao.id: paid - back}
    assert list(queries.breaks()) == []


def test_no_red_exceeds_its_blue_in_the_database(city, used, peer):
    invoice = ask(city, 100)

    with pytest.raises(Exception, match="no_more_is_reddened_than_was_blue"):
        Invoice.objects.filter(id=invoice.id).update(reddened=101)


# --- by hand -------------------------------------------------------------------------------------------
def test_without_a_service_finance_writes_the_number_down(city, used):
    invoice = ask(city, 100)
    page = visitor(city.finance).get(invoice.get_absolute_url())
    assert "登记发票号码" in page.content.decode()

    answer = visitor(city.finance).post(
        f"{invoice.get_absolute_url()}register/", {"number": "2635" + "0" * 16}
    )

    invoice.refresh_from_db()
    assert (answer.status_code, invoice.status) == (302, Status.ISSUED)


def test_a_number_stands_for_one_invoice(city, used):
    first, second = ask(city, 100, "a"), ask(city, 100, "b")
    invoices.register(invoice_id=first.id, number="1" * 20, by=city.finance, at=NOON)

    with pytest.raises(invoices.CannotInvoice):
        invoices.register(invoice_id=second.id, number="1" * 20, by=city.finance, at=NOON)

    second.refresh_from_db()
    assert second.status == Status.REQUESTED
    assert books.breaks() == []


def test_a_firm_asks_on_the_page_with_what_can_be_invoiced_filled_in(city, used):
    client = visitor(city.fiona)
    form = client.get("/invoices/").context["form"]

    wish = {"amount": "10.00", "idempotency_key": form.initial["idempotency_key"], "email": "a@example.com"}
    answers = [client.post("/invoices/", wish) for _twice in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Invoice.objects.get().amount == 1000
