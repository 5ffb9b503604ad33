"""What the database itself forbids, and that the models and the migrations say the same."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from portal.shell.models import AppendOnly

HISTORY = sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnly))


def test_models_and_migrations_agree(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_these_tables_are_history():
    assert HISTORY == [
        "federation_usagerecord",
        "marketplace_account",
        "marketplace_bankday",
        "marketplace_bankfile",
        "marketplace_bankreceipt",
        "marketplace_billitem",
        "marketplace_billline",
        "marketplace_billpart",
        "marketplace_budgetmark",
        "marketplace_creditlineversion",
        "marketplace_entry",
        "marketplace_eventreading",
        "marketplace_journal",
        "marketplace_journalseal",
        "marketplace_payoutaccountversion",
        "marketplace_planpriceversion",
        "marketplace_planversion",
        "marketplace_providerentry",
        "marketplace_providerevent",
        "marketplace_settlementrun",
        "marketplace_snapshot",
        "marketplace_statementline",
        "marketplace_termsversion",
        "portal_apitokenversion",
        "portal_applicationversion",
        "portal_archive",
        "portal_checkpoint",
        "portal_event",
        "portal_membershipversion",
        "portal_organizationversion",
        "portal_printedpaper",
        "portal_projectversion",
        "portal_seal",
        "portal_userversion",
        "portal_webhookendpointversion",
        "subsidies_policyversion",
        "subsidies_programmeversion",
        "subsidies_voucherversion",
    ]


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("deed", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_application_may_not_alter_history(db, table, deed):
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(deed.format(table))


@pytest.mark.parametrize("table", [t for t in HISTORY if t != "marketplace_account"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_not_even_the_owner_alters_history_by_accident(db, table, deed):
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        try:
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute(deed.format(table))
        finally:
            cursor.execute("SET ROLE portal_app")


def test_the_application_owns_nothing_and_changes_no_structure(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchone() == (0,)
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("CREATE TABLE mine (id int)")
