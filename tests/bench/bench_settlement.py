"""A month's settlement: a million bill lines of two hundred providers, closed in one statement and by a plain loop."""

import argparse
import os
import sys
import time
from contextlib import closing
from datetime import timedelta

import psycopg2

from config.embedded.postgres import OWNER
from config.embedded.throwaway import Throwaway
from tests.bench.house import prepare

# As the owner, who may write readings and bills of a month that never was.
FILL = """
    INSERT INTO federation_usagerecord (source_key, cluster_id, accelerator_id, workload_code, cards, started_at, ended_at,
                                        seconds, is_final, recorded_at)
    SELECT %(run)s || n, %(cluster)s, %(accelerator)s, 'BENCH', 8, %(at)s - interval '1 hour', %(at)s, 3600, true, %(at)s
      FROM generate_series(1, %(lines)s) n;
    INSERT INTO marketplace_billline (code, kind, order_id, organization_id, project_id, provider_id, usage_id, cards, seconds,
                                      metered_seconds, unit_price, gross, voucher, cash, credit, commission, provider_amount,
                                      free_reason, billed_at)
    SELECT 'BL-' || source_key, 'usage', %(order)s, %(organization)s, %(project)s,
           (%(providers)s::bigint[])[1 + id %% cardinality(%(providers)s::bigint[])], id, 8, 3600, 3600, 8,
           1000 + id %% 977, 0, 1000 + id %% 977, 0, 50, 950 + id %% 977, '', %(at)s
      FROM federation_usagerecord WHERE source_key LIKE %(run)s || '%%';
    ANALYZE marketplace_billline;
"""


def providers(count):
    from federation.providers.models import Provider
    from portal.organizations.models import Organization

    firms = Organization.objects.bulk_create(
        Organization(code=f"PV-BENCH-{n}", name=f"服务商 {n}", kind=Organization.Kind.PROVIDER)
        for n in range(count)
    )
    rows = Provider.objects.bulk_create(
        Provider(code=f"bench-{n}", organization=firm, name=firm.name) for n, firm in enumerate(firms)
    )
    return [provider.id for provider in rows]


def an_order(at):
    """Any order: every bill needs one, and this one stands for all."""
    from marketplace.catalogue.models import Plan
    from marketplace.orders.models import Order
    from portal.accounts.models import User
    from portal.organizations.models import Project

    project = Project.objects.first()
    return Order.objects.create(
        code="OD-BENCH", organization=project.organization, project=project, plan=Plan.objects.first(), name="bench",
        cards=8, hours=1, unit_price=8, amount=0, voucher_amount=0, cash_amount=0, status=Order.Status.BILLED,
        placed_by=User.objects.first(), placed_at=at, cancel_until=at, idempotency_key="bench",
    )  # fmt: skip


def fill(servers, run, lines, provider_ids, order, at):
    from federation.capacity.models import Accelerator
    from federation.clusters.models import Cluster

    words = {
        "run": f"{run}-", "lines": lines, "at": at, "providers": provider_ids, "order": order.id,
        "organization": order.organization_id, "project": order.project_id,
        "cluster": Cluster.objects.first().id, "accelerator": Accelerator.objects.first().id,
    }  # fmt: skip
    with closing(psycopg2.connect(servers.postgres.url(OWNER))) as connection, connection:
        connection.cursor().execute(FILL, words)


def by_loop(until, at):
    """What one writes first: every open line fetched, sorted by provider and saved with its statement."""
    from collections import defaultdict

    from django.db import transaction

    from marketplace.billing.models import BillLine
    from marketplace.settlement.models import SettlementRun, Statement, StatementLine

    with transaction.atomic():
        run = SettlementRun.objects.create(
            code="LOOP", until_at=until, statement_count=0, line_count=0, metered=0, billed=0, free=0, over=0, gross=0,
            stated=0, closed_at=at,
        )  # fmt: skip
        by_provider = defaultdict(list)
        settled = StatementLine.objects.filter(kind="provider").values("bill_line")
        for line in (
            BillLine.objects.filter(billed_at__lt=until, gross__gt=0)
            .exclude(id__in=settled)
            .select_related("provider")
        ):
            by_provider[line.provider].append(line)
        for provider, lines in by_provider.items():
            gross, commission = sum(li.gross for li in lines), sum(li.commission for li in lines)
            statement = Statement.objects.create(
                code=f"LOOP-{provider.code}", run=run, kind="provider", party=provider.code, title=provider.name,
                from_at=at, until_at=until, line_count=len(lines), gross=gross, commission=commission,
                net=gross - commission, due=gross - commission, card_seconds=sum(li.cards * li.seconds for li in lines), closed_at=at,
            )  # fmt: skip
            for line in lines:
                StatementLine.objects.create(
                    statement=statement, bill_line=line, kind="provider", party=provider.code,
                    gross=line.gross, commission=line.commission,
                )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--providers", type=int, default=200)
    wishes = parser.parse_args()
    with Throwaway() as servers:
        os.environ.update(prepare(servers))
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django

        django.setup()
        from django.db.models import Sum
        from django.utils import timezone

        from marketplace.billing.models import BillLine
        from marketplace.settlement import actions as settlement
        from marketplace.settlement.models import Statement
        from portal.shell.tenancy import work_for_the_city

        work_for_the_city()
        at = timezone.now()
        owners, order = providers(wishes.providers), an_order(at)
        few = max(1, wishes.lines // 50)
        fill(servers, "few", few, owners, order, at - timedelta(hours=2))
        began = time.perf_counter()
        by_loop(at - timedelta(hours=1), at)
        base = few / (time.perf_counter() - began)
        fill(servers, "many", wishes.lines, owners, order, at)
        began = time.perf_counter()
        closed = settlement.close(until=timezone.now(), by=None, at=timezone.now())
        took = time.perf_counter() - began
        again = settlement.close(until=timezone.now(), by=None, at=timezone.now())
        billed = BillLine.objects.aggregate(gross=Sum("gross"))["gross"]
        settled = Statement.objects.filter(kind="provider").aggregate(gross=Sum("gross"))["gross"]
        print(
            f"{wishes.lines} bill lines of {wishes.providers} providers closed in {took:.1f} s, {len(closed)} statements"
        )
        print(
            f"  plain loop {base:>8.0f} lines/s    one statement {wishes.lines / took:>8.0f} lines/s   {wishes.lines / took / base:.1f}x"
        )
        print(f"  a second run made {len(again)} statements; billed {billed} fen, settled {settled} fen")
    return int(bool(again) or billed != settled)


if __name__ == "__main__":
    sys.exit(main())
