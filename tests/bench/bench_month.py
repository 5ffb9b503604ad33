"""A month of random orders, and 200 things that bank and provider say wrongly of it: is each found and named, and nothing else?"""

import argparse
import os
import sys

from config.embedded.throwaway import Throwaway
from tests.bench.house import prepare
from tests.peers.stripe import FEES, KEY, SECRET, Peer


def report(month):
    """What happened, what it moved, how long it took, what was found."""
    print(f"  outcomes: {', '.join(f'{status} {n}' for status, n in month.outcomes().items())}")
    print(
        f"  shrunk or put off: {', '.join(f'{code} {n}' for code, n in month.buyers.refused.most_common())}"
    )
    print("  source       orders         held         paid, in yuan")
    for source, (orders, held, paid) in month.sources().items():
        print(f"  {source:<12}{orders:>7}{held / 100:>13,.2f}{paid / 100:>13,.2f}")
    journals, fen = month.moved()
    print(f"  {journals:,} journals moved {fen:,} fen")
    print(f"  seconds: {', '.join(f'{phase} {took:.0f}' for phase, took in month.seconds.items())}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--breaks", type=int, default=200)
    wishes = parser.parse_args()
    with Throwaway() as servers, Peer() as peer:
        os.environ.update(prepare(servers, with_city=False))
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_API_BASE": peer.url,
            "STRIPE_FEES": ",".join(f"{method}={points}" for method, points in FEES.items()),
        }
        import django

        django.setup()
        from portal.shell.tenancy import work_for_the_city
        from tests import city
        from tests.month.clock import clock_in_hand
        from tests.month.story import START, Month

        work_for_the_city()
        city.found(at=START)
        with clock_in_hand(START) as clock:
            month = Month(peer, clock, seed=wishes.seed, orders=wishes.orders, breaks=wishes.breaks)
            month.live()
            print(f"{month.placed} random orders of a month, seed {wishes.seed}")
            report(month)
            missed, false, wrong = month.missed(), month.false_alarms(), month.wrong_in_the_books()
            print(
                f"  {month.seeded} breaks, {len(month.names)} names: {len(missed)} missed, {len(false)} false alarms"
            )
            print(f"  {len(wrong)} disagreements in the books")
            for line in [*missed, *false, *wrong][:40]:
                print(f"    WRONG {line}")
    return int(month.seeded != wishes.breaks or bool(missed or false or wrong))


if __name__ == "__main__":
    sys.exit(main())
