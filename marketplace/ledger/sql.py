"""What the database itself guarantees about the books, and the statements that ask and tell it things in bulk."""

from marketplace.ledger.chart import routes

ROUTES_AS_ROWS = ", ".join(f"('{cause}', '{kind}', {side})" for cause, kind, side in routes())

GUARDS = f"""
CREATE FUNCTION ledger_account_opens_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.balance := 0;
    RETURN NEW;
END $$;
CREATE TRIGGER opens_empty BEFORE INSERT ON marketplace_account
    FOR EACH ROW EXECUTE FUNCTION ledger_account_opens_empty();

-- A leg names its account for good: what it was can be neither changed nor taken away.
CREATE TRIGGER stays_as_it_was BEFORE DELETE OR UPDATE OF id, code, book, kind, owner, side, is_bounded
    ON marketplace_account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION ledger_routes() RETURNS TABLE (cause text, kind text, side int) LANGUAGE sql IMMUTABLE AS
    $$ VALUES {ROUTES_AS_ROWS} $$;

-- Runs once for each INSERT statement, as the owner: the application role may not touch a balance.
-- A plan made while the tables were small would read them whole for each journal; so never without an index.
CREATE FUNCTION ledger_entries_posted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
BEGIN
    SELECT min(reference) FILTER (WHERE NOT is_balanced) AS unbalanced,
           min(reference) FILTER (WHERE legs <> entry_count OR had_legs) AS closed,
           min(reference) FILTER (WHERE reverses_id IS NULL AND NOT is_on_road) AS astray,
           bool_or(reverses_id IS NOT NULL) AS reverses,
           coalesce(sum(legs), 0) AS placed
      INTO bad
      FROM (SELECT j.reference, j.entry_count, j.reverses_id, sum(b.legs) AS legs,
                   bool_and(b.total = 0) AS is_balanced, bool_and(b.is_on_road) AS is_on_road,
                   EXISTS (SELECT FROM marketplace_entry e WHERE e.journal_id = j.id AND e.id < min(b.first)) AS had_legs
              FROM (SELECT p.journal_id, a.book, sum(p.amount) AS total, count(*) AS legs, min(p.id) AS first,
                           bool_and(r.cause IS NOT NULL) AS is_on_road
                      FROM posted p
                      JOIN marketplace_account a ON a.id = p.account_id
                      JOIN marketplace_journal h ON h.id = p.journal_id
                      LEFT JOIN ledger_routes() r ON r.cause = h.kind AND r.kind = a.kind
                                                 AND r.side = CASE WHEN p.amount > 0 THEN 1 ELSE -1 END
                     GROUP BY p.journal_id, a.book) b
              JOIN marketplace_journal j ON j.id = b.journal_id
             GROUP BY j.id) journals;
    IF bad.placed <> (SELECT count(*) FROM posted) THEN
        RAISE EXCEPTION 'a leg names a journal or an account that is not there' USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF bad.unbalanced IS NOT NULL THEN
        RAISE EXCEPTION 'journal % does not balance', bad.unbalanced USING ERRCODE = 'check_violation';
    END IF;
    -- All legs come in one statement.
    IF bad.closed IS NOT NULL THEN
        RAISE EXCEPTION 'journal % is closed, or was announced with another number of legs', bad.closed
            USING ERRCODE = 'check_violation';
    END IF;
    IF bad.astray IS NOT NULL THEN
        RAISE EXCEPTION 'journal % takes a road that its cause does not allow', bad.astray
            USING ERRCODE = 'check_violation';
    END IF;
    IF bad.reverses AND EXISTS (
        SELECT FROM posted p
          JOIN marketplace_journal j ON j.id = p.journal_id AND j.reverses_id IS NOT NULL
          JOIN marketplace_journal original ON original.id = j.reverses_id
          LEFT JOIN marketplace_entry o
            ON o.journal_id = j.reverses_id AND o.account_id = p.account_id AND o.amount = -p.amount
         WHERE o.id IS NULL OR j.entry_count <> original.entry_count)
    THEN
        RAISE EXCEPTION 'a reversal does not mirror what it reverses' USING ERRCODE = 'check_violation';
    END IF;

    -- In key order, so that two postings never wait for each other in a circle.
    PERFORM 1 FROM marketplace_account
      WHERE is_bounded AND id IN (SELECT account_id FROM posted) ORDER BY id FOR UPDATE;
    UPDATE marketplace_account a
       SET balance = a.balance + a.side * s.moved
      FROM (SELECT account_id, sum(amount) AS moved FROM posted GROUP BY account_id) s
     WHERE a.id = s.account_id AND a.is_bounded;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_posted AFTER INSERT ON marketplace_entry
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_posted();
"""

UNGUARD = """
DROP TRIGGER entries_posted ON marketplace_entry;
DROP FUNCTION ledger_entries_posted();
DROP FUNCTION ledger_routes();
DROP TRIGGER stays_as_it_was ON marketplace_account;
DROP TRIGGER opens_empty ON marketplace_account;
DROP FUNCTION ledger_account_opens_empty();
"""

# A batch comes as one piece of JSON: the parser would read lists of parameters value by value.
OPEN_JOURNALS = """
    INSERT INTO marketplace_journal (reference, kind, subject, entry_count, reverses_id, booked_at)
    SELECT * FROM json_to_recordset(%s)
        AS posting(reference text, kind text, subject text, legs int, reverses bigint, at timestamptz)
    ON CONFLICT (reference) DO NOTHING RETURNING reference, id
"""
POST_ENTRIES = """
    INSERT INTO marketplace_entry (journal_id, account_id, amount)
    SELECT * FROM json_to_recordset(%s) AS leg(journal bigint, account bigint, amount bigint)
"""

# What the row itself keeps, or the last snapshot and the few entries since.
BALANCE = """
    SELECT CASE WHEN account.is_bounded THEN account.balance ELSE account.side * (coalesce(last.total, 0) + coalesce(
               (SELECT sum(amount) FROM marketplace_entry
                 WHERE account_id = account.id AND id > coalesce(last.up_to, 0)), 0)) END
      FROM marketplace_account account
      LEFT JOIN LATERAL (SELECT up_to, total FROM marketplace_snapshot
                          WHERE account_id = account.id ORDER BY up_to DESC LIMIT 1) last ON true
     WHERE account.kind = %s AND account.owner = %s
"""

# What is sealed of a journal: every column of its row and of its legs, as one line that anybody can hash.
CANONICAL = """json_build_object(
    'id', journal.id,
    'reference', journal.reference,
    'kind', journal.kind,
    'subject', journal.subject,
    'reverses', journal.reverses_id,
    'booked_at', to_char(journal.booked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'created_at', to_char(journal.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'legs', (SELECT json_agg(json_build_array(entry.id, account.code, entry.amount) ORDER BY entry.id)
               FROM marketplace_entry entry JOIN marketplace_account account ON account.id = entry.account_id
              WHERE entry.journal_id = journal.id)
)::text"""

# A transaction that began before this old seal is long over: nothing can still appear behind it.
UNSEALED = f"""
    SELECT journal.id, {CANONICAL}
      FROM marketplace_journal journal
     WHERE journal.id > coalesce((SELECT journal_id FROM marketplace_journalseal
                                   WHERE sealed_at < %(at)s - interval '1 hour'
                                   ORDER BY sealed_at DESC, position DESC LIMIT 1), 0)
       AND NOT EXISTS (SELECT FROM marketplace_journalseal seal WHERE seal.journal_id = journal.id)
     ORDER BY journal.id LIMIT %(limit)s
"""

LINKS = f"""
    SELECT 'books', seal.position, seal.previous, seal.digest, seal.journal_id,
           CASE WHEN journal.id IS NOT NULL THEN {CANONICAL} END
      FROM marketplace_journalseal seal LEFT JOIN marketplace_journal journal ON journal.id = seal.journal_id
     ORDER BY seal.position
"""

# Only accounts that have grown since; the tail of the last hour may still be joined by slower transactions.
SNAPSHOTS_DUE = """
    INSERT INTO marketplace_snapshot (account_id, up_to, total, taken_at)
    SELECT account.id, tail.up_to, coalesce(last.total, 0) + tail.total, %(at)s
      FROM marketplace_account account
      LEFT JOIN LATERAL (SELECT up_to, total FROM marketplace_snapshot
                          WHERE account_id = account.id ORDER BY up_to DESC LIMIT 1) last ON true
      JOIN LATERAL (SELECT max(id) AS up_to, sum(amount) AS total, count(*) AS entries FROM marketplace_entry
                     WHERE account_id = account.id AND id > coalesce(last.up_to, 0) AND id <= %(settled)s) tail ON true
     WHERE NOT account.is_bounded AND tail.entries >= %(entries)s
    ON CONFLICT DO NOTHING
"""
# No entry at or before this one can still appear, by the same reasoning.
SETTLED = """
    SELECT coalesce(max(id), 0) FROM marketplace_entry
     WHERE journal_id = (SELECT journal_id FROM marketplace_journalseal
                          WHERE sealed_at < %(at)s - interval '1 hour' ORDER BY sealed_at DESC, position DESC LIMIT 1)
"""
