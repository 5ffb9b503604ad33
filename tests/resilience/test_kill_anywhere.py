"""kill -9 any server at any step of the road: the order ends once, billed for what ran or given back."""

import re

import pytest

from tests.resilience.campaign import BEGUN, CELLS, CLOSERS, OVER, Campaign
from tests.resilience.product import Product

pytestmark = [pytest.mark.resilience, pytest.mark.slow, pytest.mark.timeout(1200)]

# (order, workload) at the blow; where nothing is said, the blow fell before there was anything to say.
MOMENTS = {
    "sending": {()},
    "placed": {("confirmed", "queued"), ("confirmed", "submitting"), ("confirmed", "accepted")},
    "submitting": {("confirmed", "submitting")},
    "submitting to ray": {("confirmed", "submitting")},
    "running": {("running", "running")},
    "running on ray": {("running", "running")},
    "cancelling": {("running", "cancelling")},
    "ending": set(BEGUN),
    "billing": set(OVER),
    "alone on ray": {("running", "running")},
    "waiting for ray": {("confirmed", "queued"), ("confirmed", "submitting")},
}
ENDS = {"cancelling": "cancelled", "alone on ray": "refunded"}
THE_ORDER = """
    SELECT o.code, o.status, o.billed_amount, w.code, w.status, extract(epoch FROM w.ended_at - w.started_at)
      FROM marketplace_order o JOIN scheduler_workload w ON w.order_code = o.code WHERE o.idempotency_key = %s
"""
THE_BILL = """
    SELECT b.seconds, b.metered_seconds, b.gross FROM marketplace_billline b
      JOIN marketplace_order o ON o.id = b.order_id WHERE o.code = %s
"""

THE_JOB = """
    SELECT extract(epoch FROM ends_at - starts_at)::int, stopped_at IS NOT NULL
      FROM federation_simulatedjob WHERE split_part(key, '.', 2) = %s
"""


@pytest.fixture(scope="module")
def campaign():
    product = Product()
    try:
        product.start()
        campaign = Campaign(product)
        try:
            campaign.run()
        finally:
            print(product.words())
        yield campaign
        assert product.stop() == []
    finally:
        product.stop()
        product.remove()


@pytest.mark.parametrize(("victim", "step"), CELLS)
def test_the_order_ends_exactly_once(campaign, victim, step):
    cell, rows = campaign.cells[victim, step], campaign.product.rows
    assert cell.failure == ""
    assert cell.moment in MOMENTS[step]

    ((code, status, billed, workload, work_status, ran),) = rows(THE_ORDER, cell.key)
    assert cell.codes == {code}
    assert status == ENDS.get(step, "billed")
    ((seconds, metered, gross),) = rows(THE_BILL, code)
    assert billed == gross
    if status == "billed":
        assert (seconds, work_status) == (int(ran), "succeeded")
        assert gross > 0
    else:
        assert (seconds, gross) == (0, 0)
    assert rows("SELECT seconds FROM federation_usagerecord WHERE workload_code = %s", workload) == [
        (metered,)
    ]
    assert rows(
        "SELECT sum(amount - captured - released)::int FROM marketplace_fundinghold WHERE order_code = %s",
        code,
    ) == [(0,)]
    assert rows("SELECT state FROM federation_hold WHERE key = %s", code) == [("released",)]


ON_RAY = [cell for cell in CELLS if "ray" in cell[1]]


@pytest.mark.parametrize(("victim", "step"), [cell for cell in CELLS if cell not in ON_RAY])
def test_the_simulated_cluster_ran_it_once_and_as_long_as_was_billed(campaign, victim, step):
    ((code, status, _billed, workload, *_rest),) = campaign.product.rows(
        THE_ORDER, campaign.cells[victim, step].key
    )

    ((seconds, was_stopped),) = campaign.product.rows(THE_JOB, workload)

    assert was_stopped == (status == "cancelled")
    if status == "billed":
        assert campaign.product.rows(THE_BILL, code)[0][0] == seconds


@pytest.mark.parametrize(("victim", "step"), ON_RAY)
def test_ray_ran_it_once_and_as_long_as_was_billed(campaign, victim, step):
    ((code, status, *_rest),) = campaign.product.rows(THE_ORDER, campaign.cells[victim, step].key)

    jobs = [job for job in campaign.ray_jobs if job["metadata"].get("order") == code]

    # A killed Ray remembers nothing; the job died with it.
    assert len({job["submission_id"] for job in jobs}) == (0 if status == "refunded" else 1)
    if status == "billed":
        log = campaign.product.ask("GET", f"orders/{code}/log/").json()["text"]
        begun, over = (float(word) for word in re.findall(r"(?:begun|over) ([0-9.]+)", log))
        assert campaign.product.rows(THE_BILL, code)[0][0] == pytest.approx(over - begun, abs=2)


@pytest.mark.parametrize("victim", CLOSERS)
def test_every_bill_is_settled_once(campaign, victim):
    campaign.close_books()

    twice = campaign.product.rows(
        """SELECT b.code, count(l.id) FROM marketplace_billline b
             LEFT JOIN marketplace_statementline l ON l.bill_line_id = b.id AND l.kind = 'provider'
            WHERE b.gross > 0 GROUP BY b.id HAVING count(l.id) <> 1"""
    )

    assert twice == []


def test_no_card_stays_promised_and_no_fen_stays_held(campaign):
    rows = campaign.product.rows

    assert rows("SELECT sum(cards_held)::int FROM federation_pool") == [(0,)]
    assert rows(
        "SELECT sum(balance)::int FROM marketplace_account WHERE kind IN ('prepaid_held', 'voucher_frozen')"
    ) == [(0,)]


def test_the_books_hold_to_the_fen(campaign):
    said = campaign.product.manage("check_books")

    assert said.returncode == 0, said.stderr
    assert "0 disagreements" in said.stdout


def test_the_record_is_whole(campaign):
    said = campaign.product.manage(
        "shell", "-v0", "-c", "from portal.audit import queries; print('breaks:', queries.breaks())"
    )

    assert "breaks: []" in said.stdout, said.stderr
