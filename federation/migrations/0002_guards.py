from django.db import migrations

from portal.shell.guards import append_only

BALANCE = """
CREATE FUNCTION pool_nodes_balance(sold smallint[], held smallint[], sold_sum int, held_sum int, per_node int, nodes int)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT cardinality(sold) = nodes AND cardinality(held) = nodes
       AND COALESCE(bool_and(s >= 0 AND h >= 0 AND s + h <= per_node), true)
       AND COALESCE(sum(s), 0) = sold_sum AND COALESCE(sum(h), 0) = held_sum
    FROM unnest(sold, held) AS node(s, h)
$$;
ALTER TABLE federation_pool ADD CONSTRAINT pool_nodes_are_never_oversold
    CHECK (pool_nodes_balance(sold_by_node, held_by_node, cards_sold, cards_held, cards_per_node, nodes));
"""

# The pool's promise and the sum of its open holds are one number, whoever writes them; and what is promised out of a
# promise is never more than it, and never outlives it.
HOLDS = """
CREATE FUNCTION holds_match_pool() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    pool_number bigint := COALESCE(NEW.pool_id, OLD.pool_id);
    promised bigint;
    counted bigint;
BEGIN
    SELECT cards_held INTO promised FROM federation_pool WHERE id = pool_number;
    SELECT COALESCE(sum(cards), 0) INTO counted FROM federation_hold 
     WHERE pool_id = pool_number AND state = 'open' AND within_id IS NULL;
    IF promised <> counted THEN
        RAISE EXCEPTION 'pool % promises % cards, its holds say %', pool_number, promised, counted
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT FROM federation_hold inside JOIN federation_hold whole ON whole.id = inside.within_id
                WHERE inside.pool_id = pool_number AND inside.state = 'open'
                GROUP BY whole.id HAVING whole.state <> 'open' OR sum(inside.cards) > whole.cards) THEN
        RAISE EXCEPTION 'pool %: more cards promised out of a promise than it holds', pool_number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER holds_match_pool AFTER INSERT OR UPDATE OR DELETE ON federation_hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION holds_match_pool();
"""

UNDO = """
DROP TRIGGER holds_match_pool ON federation_hold;
DROP FUNCTION holds_match_pool();
ALTER TABLE federation_pool DROP CONSTRAINT pool_nodes_are_never_oversold;
DROP FUNCTION pool_nodes_balance(smallint[], smallint[], int, int, int, int);
"""


class Migration(migrations.Migration):
    dependencies = [("federation", "0001_tables")]

    operations = [migrations.RunSQL(BALANCE + HOLDS, UNDO), append_only("federation_usagerecord")]
