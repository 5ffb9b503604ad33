"""Closing in one statement: what it saw open is what it settles, however many lines there are."""

from marketplace.settlement.models import Statement, Terms

_CLOSE = """
WITH open AS MATERIALIZED ({open}),
named AS (
    SELECT * FROM unnest(%(parties)s::text[], %(clauses)s::text[], %(titles)s::text[], %(organizations)s::bigint[],
                         %(codes)s::text[])
             AS named (party, clause, title, organization_id, code)
),
closed AS (
    INSERT INTO marketplace_statement (
        code, kind, status, run_id, party, clause, title, organization_id, from_at, until_at, line_count, card_seconds,
        failed_card_seconds, availability, gross, commission, penalty, tax, retention, net, carried, adjusted, released, due,
        lines_digest, digest, parked_for, objection, resolution, closed_by_id, closed_at)
    SELECT named.code, '{kind}', 'drafted', %(run)s, party, clause, named.title, named.organization_id,
           min(open.billed_at), %(until)s, count(*), sum(open.card_seconds), sum(open.failed), 1,
           sum(open.gross), sum(open.commission), 0, 0, 0, sum(open.gross - open.commission), 0, 0, 0,
           sum(open.gross - open.commission), {digest}, '', '[]', '', '', %(by)s, %(at)s
      FROM open JOIN named USING (party, clause)
     GROUP BY party, clause, named.code, named.title, named.organization_id
     ORDER BY party, clause
    RETURNING id, party, clause
)
INSERT INTO marketplace_statementline (statement_id, bill_line_id, kind, party, clause, gross, commission)
SELECT closed.id, open.line_id, '{kind}', party, clause, open.gross, open.commission
  FROM open JOIN closed USING (party, clause) ORDER BY open.line_id
"""
# The same lines give the same digest, in whatever order they were found.
_DIGEST = """encode(sha256(convert_to(
    string_agg({code} || ' ' || {line}.gross || ' ' || {line}.commission, E'\\n' ORDER BY {code}), 'UTF8')), 'hex')"""

# A bill from before the lower bound was either settled then or written by a transaction that ran for a day.
CLOSE_PROVIDERS = _CLOSE.format(
    kind="provider",
    digest=_DIGEST.format(code="open.code", line="open"),
    open="""
    SELECT line.id AS line_id, line.code, provider.code AS party, '' AS clause, line.gross, line.commission, line.billed_at,
           line.cards::bigint * line.seconds AS card_seconds,
           CASE WHEN line.free_reason = 'provider_fault' THEN line.cards::bigint * line.metered_seconds ELSE 0 END AS failed
      FROM marketplace_billline line JOIN federation_provider provider ON provider.id = line.provider_id
     WHERE line.billed_at >= %(since)s AND line.billed_at < %(until)s
       AND NOT EXISTS (SELECT FROM marketplace_statementline settled
                        WHERE settled.bill_line_id = line.id AND settled.kind = 'provider')""",
)
CLOSE_PROGRAMMES = _CLOSE.format(
    kind="programme",
    digest=_DIGEST.format(code="open.code", line="open"),
    open="""
    SELECT line.id AS line_id, line.code, part.payer AS party, part.clause, sum(part.amount)::bigint AS gross, 0::bigint AS commission,
           line.billed_at, line.cards::bigint * line.seconds AS card_seconds, 0::bigint AS failed
      FROM marketplace_billpart part JOIN marketplace_billline line ON line.id = part.line_id
     WHERE line.billed_at >= %(since)s AND line.billed_at < %(until)s AND part.amount <> 0 AND part.is_subsidy
       AND NOT EXISTS (SELECT FROM marketplace_statementline settled
                        WHERE settled.bill_line_id = line.id AND settled.kind = 'programme' AND settled.party = part.payer
                          AND settled.clause = part.clause)
     GROUP BY line.id, part.payer, part.clause""",
)

# What a run settled, counted from the bills and the meters and not from its statements.
TOTALS = """
    SELECT count(*) AS line_count,
           -- Reserved capacity has no reading: what counts is how long the cards were the buyer's.
           coalesce(sum(coalesce(usage.cards::bigint * (usage.seconds - coalesce(corrected.seconds, 0)),
                                 line.cards * floor(extract(epoch FROM line.until - line.since)))), 0)::bigint AS metered,
           coalesce(sum(line.cards::bigint * line.seconds), 0)::bigint AS billed,
           coalesce(sum(line.cards::bigint * line.metered_seconds) FILTER (WHERE line.free_reason <> ''), 0)::bigint AS free,
           coalesce(sum(line.cards::bigint * (line.metered_seconds - line.seconds))
                    FILTER (WHERE line.free_reason = ''), 0)::bigint AS over,
           coalesce(sum(line.gross), 0)::bigint AS gross
      FROM marketplace_statement statement
      JOIN marketplace_statementline settled ON settled.statement_id = statement.id
      JOIN marketplace_billline line ON line.id = settled.bill_line_id
      LEFT JOIN federation_usagerecord usage ON usage.id = line.usage_id
      LEFT JOIN federation_usagerecord corrected ON corrected.id = usage.corrects_id
     WHERE statement.run_id = %(run)s AND statement.kind = 'provider'
"""

# Where more cards were billed in an hour than the provider's pool has: the worst hour of each pool.
OVER_CAPACITY = """
    SELECT DISTINCT ON (provider, pool) provider, pool, hour, used, capacity
      FROM (SELECT statement.party AS provider, pool.code AS pool, hour, pool.cards_total::bigint * 3600 AS capacity,
                   sum(usage.cards * extract(epoch FROM least(usage.ended_at, hour + interval '1 hour')
                                                        - greatest(usage.started_at, hour)))::bigint AS used
              FROM marketplace_statement statement
              JOIN marketplace_statementline settled ON settled.statement_id = statement.id
              JOIN marketplace_billline line ON line.id = settled.bill_line_id AND line.gross > 0
              JOIN federation_usagerecord usage ON usage.id = line.usage_id AND usage.corrects_id IS NULL
              JOIN federation_pool pool ON pool.cluster_id = usage.cluster_id
                                       AND pool.accelerator_id = usage.accelerator_id
             CROSS JOIN LATERAL generate_series(date_trunc('hour', usage.started_at), usage.ended_at, '1 hour') hour
             WHERE statement.run_id = %(run)s AND statement.kind = 'provider'
             GROUP BY statement.party, pool.code, pool.cards_total, hour) hours
     WHERE used > capacity
     ORDER BY provider, pool, used DESC
"""

# Bill lines that the runs have passed over, and statements whose lines are no longer what they were.
PASSED_OVER = """
    SELECT line.code FROM marketplace_billline line
     WHERE line.billed_at < (SELECT max(until_at) FROM marketplace_settlementrun)
       AND NOT EXISTS (SELECT FROM marketplace_statementline settled
                        WHERE settled.bill_line_id = line.id AND settled.kind = 'provider')
     ORDER BY line.code LIMIT 100
"""
ALTERED = f"""
    SELECT statement.code FROM marketplace_statement statement
      JOIN marketplace_statementline settled ON settled.statement_id = statement.id
      JOIN marketplace_billline line ON line.id = settled.bill_line_id
     GROUP BY statement.id
    HAVING sum(settled.gross) <> statement.gross
        OR {_DIGEST.format(code="line.code", line="settled")} <> statement.lines_digest
     ORDER BY statement.code
"""


def _stands(what, model, *, from_the_first) -> str:
    """Its figures stand; only what the model names as changing may change, and no row goes."""
    table, name = model._meta.db_table, model._meta.model_name
    changing = ", ".join(f"'{column}'" for column in model.CHANGING)
    drafted = "" if from_the_first else "OLD.status <> 'drafted' AND "
    return f"""
CREATE FUNCTION {name}_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR {drafted}to_jsonb(NEW) - ARRAY[{changing}] <> to_jsonb(OLD) - ARRAY[{changing}]
    THEN
        RAISE EXCEPTION 'the figures of {what} % stand: correct, never edit', OLD.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stands BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}_stands();
"""


GUARDS = _stands("statement", Statement, from_the_first=False) + _stands("terms", Terms, from_the_first=True)

UNGUARD = """
DROP TRIGGER stands ON marketplace_statement;
DROP FUNCTION statement_stands();
DROP TRIGGER stands ON marketplace_terms;
DROP FUNCTION terms_stands();
"""
