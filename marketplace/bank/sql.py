"""What the database itself guarantees about a closed day."""

GUARDS = """
CREATE FUNCTION bank_day_is_open() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM marketplace_bankday d WHERE d."on" >= NEW.booked_on) THEN
        RAISE EXCEPTION 'bank day % is closed', NEW.booked_on USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER day_is_open BEFORE INSERT ON marketplace_bankline
    FOR EACH ROW EXECUTE FUNCTION bank_day_is_open();
"""

UNGUARD = """
DROP TRIGGER day_is_open ON marketplace_bankline;
DROP FUNCTION bank_day_is_open();
"""
