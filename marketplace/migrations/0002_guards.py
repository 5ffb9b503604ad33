from django.db import migrations

from marketplace.bank import sql as bank
from marketplace.billing import sql as billing
from marketplace.catalogue import sql as catalogue
from marketplace.ledger.sql import GUARDS, UNGUARD
from marketplace.payments import sql as payments
from marketplace.settlement import sql as settlement
from portal.shell.guards import append_only

HISTORY = [
    "journal",
    "entry",
    "snapshot",
    "journalseal",
    "billline",
    "billpart",
    "billitem",
    "budgetmark",
    "bankreceipt",
    "providerentry",
    "providerevent",
    "eventreading",
    "bankfile",
    "bankday",
    "settlementrun",
    "statementline",
]


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0001_tables"), ("portal", "0002_guards")]

    operations = [
        migrations.RunSQL(GUARDS, UNGUARD),
        migrations.RunSQL(catalogue.GUARDS, catalogue.UNGUARD),
        migrations.RunSQL(bank.GUARDS, bank.UNGUARD),
        migrations.RunSQL(billing.GUARDS, billing.UNGUARD),
        migrations.RunSQL(payments.GUARDS, payments.UNGUARD),
        migrations.RunSQL(settlement.GUARDS, settlement.UNGUARD),
        *(append_only(f"marketplace_{table}") for table in HISTORY),
    ]
