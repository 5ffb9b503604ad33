"""Monthly bills in one statement: what it saw without a bill is what it bills, however many lines there are."""

# Whatever is older than the month before the last bills has been billed, or `queries.breaks` names it.
OPEN = """
    SELECT line.id, line.organization_id, line.gross, line.voucher, line.cash, line.credit
      FROM marketplace_billline line
     WHERE line.billed_at < %(until)s
       AND line.billed_at >= coalesce((SELECT max(month) FROM marketplace_bill) - interval '1 month', '-infinity')
       AND NOT EXISTS (SELECT FROM marketplace_billitem item WHERE item.line_id = line.id)
       AND NOT EXISTS (SELECT FROM marketplace_bill bill
                        WHERE bill.organization_id = line.organization_id AND bill.month = %(month)s)
"""
FIRMS = f"SELECT DISTINCT organization_id FROM ({OPEN}) open"
ISSUE = f"""
WITH open AS MATERIALIZED ({OPEN}),
named AS (SELECT * FROM unnest(%(firms)s::bigint[], %(codes)s::text[]) AS named (organization_id, code)),
summed AS (
    SELECT named.code, organization_id, count(*) AS line_count, sum(open.gross) AS gross, sum(open.voucher) AS voucher,
           sum(open.cash) AS cash, sum(open.credit) AS credit,
           -- What refunds took off settled bills after they were issued, or more than they came to.
           coalesce((SELECT sum(earlier.credit - earlier.paid) FROM marketplace_bill earlier
                      WHERE earlier.organization_id = open.organization_id AND earlier.status = 'paid'), 0) AS brought
      FROM open JOIN named USING (organization_id)
     GROUP BY named.code, organization_id
),
issued AS (
    INSERT INTO marketplace_bill (code, organization_id, month, line_count, gross, voucher, cash, credit, brought, due,
                                  paid, due_on, status, issued_at)
    SELECT code, organization_id, %(month)s, line_count, gross, voucher, cash, credit, brought,
           greatest(0, brought + credit), 0, %(due_on)s,
           CASE WHEN brought + credit > 0 THEN 'due' ELSE 'paid' END, %(at)s
      FROM summed ORDER BY organization_id
    RETURNING id, organization_id
)
INSERT INTO marketplace_billitem (bill_id, line_id)
SELECT issued.id, open.id FROM open JOIN issued USING (organization_id) ORDER BY open.id
"""

BILLS_THAT_FAIL = """
    SELECT bill.code FROM marketplace_bill bill
      LEFT JOIN marketplace_billitem item ON item.bill_id = bill.id
      LEFT JOIN marketplace_billline line ON line.id = item.line_id
     WHERE {which}
     GROUP BY bill.id
    HAVING bill.line_count <> count(line.id) OR bill.gross <> coalesce(sum(line.gross), 0)
        OR bill.voucher <> coalesce(sum(line.voucher), 0) OR bill.cash <> coalesce(sum(line.cash), 0)
        OR bill.credit <> coalesce(sum(line.credit), 0)
        OR bool_or(line.organization_id <> bill.organization_id)
"""

GUARDS = f"""
CREATE FUNCTION bill_is_the_sum_of_its_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong text;
BEGIN
    {BILLS_THAT_FAIL.format(which="bill.id IN (SELECT bill_id FROM added)").rstrip()} LIMIT 1 INTO wrong;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'bill % is not the sum of its lines', wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER adds_up AFTER INSERT ON marketplace_billitem
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION bill_is_the_sum_of_its_lines();

CREATE FUNCTION bill_keeps_its_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - ARRAY['status', 'paid', 'paid_at']
                            = to_jsonb(OLD) - ARRAY['status', 'paid', 'paid_at'] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a bill keeps its figures: correct it on the next one' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keeps_its_figures BEFORE UPDATE OR DELETE ON marketplace_bill
    FOR EACH ROW EXECUTE FUNCTION bill_keeps_its_figures();
"""
UNGUARD = """
DROP TRIGGER keeps_its_figures ON marketplace_bill;
DROP FUNCTION bill_keeps_its_figures();
DROP TRIGGER adds_up ON marketplace_billitem;
DROP FUNCTION bill_is_the_sum_of_its_lines();
"""
