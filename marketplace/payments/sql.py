"""What the database itself guarantees about money that goes back."""

# The lock makes two who ask at once follow each other: each would else see the whole.
GUARDS = """
CREATE FUNCTION no_more_goes_back_than_came() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE came bigint;
BEGIN
    SELECT r.amount INTO came FROM marketplace_bankreceipt r WHERE r.id = NEW.receipt_id FOR NO KEY UPDATE;
    IF came < (
        SELECT sum(f.amount) FROM marketplace_refund f WHERE f.receipt_id = NEW.receipt_id AND f.status <> 'refused'
    ) THEN
        RAISE EXCEPTION 'more than came would go back' USING
            ERRCODE = 'check_violation', CONSTRAINT = 'no_more_goes_back_than_came';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER came_before AFTER INSERT OR UPDATE ON marketplace_refund
    FOR EACH ROW WHEN (NEW.receipt_id IS NOT NULL) EXECUTE FUNCTION no_more_goes_back_than_came();
"""

UNGUARD = """
DROP TRIGGER came_before ON marketplace_refund;
DROP FUNCTION no_more_goes_back_than_came();
"""
