"""Closing in one statement: what it saw open is what it settles, however many lines there are."""

_CLOSE = """
WITH open AS MATERIALIZED ({open}),
named AS (
    SELECT * FROM unnest(%(parties)s::text[], %(codes)s::text[], %(titles)s::text[], %(organizations)s::bigint[])
             AS named (party, code, title, organization_id)
),
closed AS (
    INSERT INTO marketplace_statement (code, kind, party, title, organization_id, from_at, until_at, line_count,
                                       gross, commission, net, card_seconds, closed_by_id, closed_at)
    SELECT named.code, '{kind}', named.party, named.title, named.organization_id, min(open.billed_at), %(until)s, count(*),
           sum(open.gross), sum(open.commission), sum(open.gross - open.commission), sum(open.card_seconds), %(by)s, %(at)s
      FROM open JOIN named USING (party)
     GROUP BY named.code, named.party, named.title, named.organization_id
     ORDER BY named.party
    RETURNING id, party
)
INSERT INTO marketplace_statementline (statement_id, bill_line_id, kind, party, gross, commission)
SELECT closed.id, open.line_id, '{kind}', party, open.gross, open.commission
  FROM open JOIN closed USING (party) ORDER BY open.line_id
"""

CLOSE_PROVIDERS = _CLOSE.format(
    kind="provider",
    open="""
    SELECT line.id AS line_id, provider.code AS party, line.gross, line.commission, line.billed_at,
           line.cards::bigint * line.seconds AS card_seconds
      FROM marketplace_billline line JOIN federation_provider provider ON provider.id = line.provider_id
     WHERE line.billed_at < %(until)s AND line.gross > 0
       AND NOT EXISTS (SELECT FROM marketplace_statementline settled
                        WHERE settled.bill_line_id = line.id AND settled.kind = 'provider')""",
)
CLOSE_PROGRAMMES = _CLOSE.format(
    kind="programme",
    open="""
    SELECT line.id AS line_id, part.payer AS party, sum(part.amount)::bigint AS gross, 0::bigint AS commission, line.billed_at,
           line.cards::bigint * line.seconds AS card_seconds
      FROM marketplace_billpart part JOIN marketplace_billline line ON line.id = part.line_id
     WHERE line.billed_at < %(until)s AND part.amount > 0 AND part.source <> 'wallet'
       AND NOT EXISTS (SELECT FROM marketplace_statementline settled
                        WHERE settled.bill_line_id = line.id AND settled.kind = 'programme' AND settled.party = part.payer)
     GROUP BY line.id, part.payer""",
)
