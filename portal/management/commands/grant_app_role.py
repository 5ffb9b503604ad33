"""Run as the owner after migrate: what the web server and the workers may touch."""

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from portal.shell import tenancy
from portal.shell.models import AppendOnly, ReadOnly


class Command(BaseCommand):
    help = "Give the application role what it needs and nothing more: no ownership, no DDL, no change to history."

    def handle(self, **options):
        role = settings.DATABASE_APP_ROLE
        if not role:
            raise CommandError(
                "DATABASE_APP_ROLE is not set; name the role that the web server and workers use"
            )
        quote = connection.ops.quote_name
        history = {m._meta.db_table for m in apps.get_models() if issubclass(m, AppendOnly)}
        derived = {m._meta.db_table for m in apps.get_models() if issubclass(m, ReadOnly)}
        with connection.cursor() as cursor:
            cursor.execute(f"GRANT USAGE ON SCHEMA public TO {quote(role)}")
            cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quote(role)}")
            for table in connection.introspection.table_names(cursor):
                if table in derived or table == "django_migrations":
                    rights = "SELECT"
                elif table in history:
                    rights = "SELECT, INSERT"
                else:
                    rights = "SELECT, INSERT, UPDATE, DELETE"
                cursor.execute(f"REVOKE ALL ON {quote(table)} FROM {quote(role)}")
                cursor.execute(f"GRANT {rights} ON {quote(table)} TO {quote(role)}")
            cursor.execute(tenancy.FUNCTIONS)
            walls = list(tenancy.policies())
            for table, name, rule in walls:
                verb = "INSERT" if rule.startswith("WITH CHECK") else "ALL"
                cursor.execute(f"ALTER TABLE {quote(table)} ENABLE ROW LEVEL SECURITY")
                cursor.execute(f"DROP POLICY IF EXISTS {name} ON {quote(table)}")
                cursor.execute(f"CREATE POLICY {name} ON {quote(table)} FOR {verb} TO {quote(role)} {rule}")
        self.stdout.write(
            f"{role}: {len(history)} append-only and {len(derived)} read-only tables guarded, {len({table for table, *_rest in walls})} walled by tenant"
        )
