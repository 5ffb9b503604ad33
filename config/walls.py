"""Does the second wall stand? PostgreSQL hides no row from a superuser, a role with BYPASSRLS or whoever owns the tables."""

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

WHO_WE_ARE = """
SELECT rolsuper, rolbypassrls,
    EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
            AND pg_has_role(current_user, relowner, 'USAGE'))
FROM pg_roles WHERE rolname = current_user
"""
REMEDY = (
    "so row-level security hides nothing from it. Let DATABASE_URL name the role of DATABASE_APP_ROLE, "
    "which owns nothing; only migrate and grant_app_role run as the owner."
)


def gap() -> str:
    """Why the database would show everybody's rows to anybody; nothing when it would not."""
    with connection.cursor() as cursor:
        cursor.execute(WHO_WE_ARE)
        is_superuser, is_exempt, is_owner = cursor.fetchone()
    if is_superuser:
        return f"DATABASE_URL connects as a superuser, {REMEDY}"
    if is_exempt:
        return f"DATABASE_URL connects as a role with BYPASSRLS, {REMEDY}"
    return f"DATABASE_URL connects as a role that owns tables, {REMEDY}" if is_owner else ""


def insist() -> None:
    """Whoever serves people or does the city's work does not begin without the wall; a database that is away may come back."""
    try:
        words = gap()
    except DatabaseError:
        return
    finally:
        connection.close()
    if words:
        raise ImproperlyConfigured(words)
