"""What the database itself guarantees about the books."""

GUARDS = """
CREATE FUNCTION ledger_account_opens_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.balance := 0;
    RETURN NEW;
END $$;
CREATE TRIGGER opens_empty BEFORE INSERT ON marketplace_account
    FOR EACH ROW EXECUTE FUNCTION ledger_account_opens_empty();

-- Runs once for each INSERT statement, as the owner: the application role may not touch a balance.
CREATE FUNCTION ledger_entries_posted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    bad bigint;
BEGIN
    SELECT e.journal_id INTO bad
      FROM posted e JOIN marketplace_account a ON a.id = e.account_id
     GROUP BY e.journal_id, a.book HAVING sum(e.amount) <> 0 LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'journal % does not balance', bad USING ERRCODE = 'check_violation';
    END IF;

    SELECT j.id INTO bad
      FROM (SELECT journal_id, count(*) AS legs FROM posted GROUP BY journal_id) e
      JOIN marketplace_journal j ON j.id = e.journal_id
     WHERE j.entry_count <> e.legs LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'journal % was announced with another number of legs', bad USING ERRCODE = 'check_violation';
    END IF;

    SELECT e.journal_id INTO bad
      FROM posted e JOIN marketplace_entry o ON o.journal_id = e.journal_id
     WHERE o.id NOT IN (SELECT id FROM posted) LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'journal % is closed', bad USING ERRCODE = 'check_violation';
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
DROP TRIGGER opens_empty ON marketplace_account;
DROP FUNCTION ledger_account_opens_empty();
"""
