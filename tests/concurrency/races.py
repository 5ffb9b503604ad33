"""Real threads on real connections, let go at one moment."""

import threading
from collections import Counter

from django.db import connection

from portal.shell.exceptions import Refusal


def race(*deeds) -> Counter:
    """Run all deeds at once; count what each came to: "ok" or the refusal's code."""
    gate = threading.Barrier(len(deeds))
    outcomes: list[str] = []
    crashes: list[BaseException] = []

    def runner(deed):
        try:
            gate.wait(timeout=20)
            deed()
            outcomes.append("ok")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        except BaseException as crash:
            crashes.append(crash)
        finally:
            connection.close()

    threads = [threading.Thread(target=runner, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if crashes:
        raise crashes[0]
    return Counter(outcomes)
