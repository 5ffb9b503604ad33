"""SQL that migrations use to let the database forbid what must never be."""

from django.db import migrations

REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: reverse, never edit', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def append_only(table: str) -> migrations.RunSQL:
    """History in this table can be added to and never rewritten, whoever asks."""
    return migrations.RunSQL(
        REFUSE_CHANGE + f'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();",
        f'DROP TRIGGER append_only ON "{table}";',
    )
