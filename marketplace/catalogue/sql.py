"""Price lists that the database itself refuses: an empty package; a tier that begins before the one below it, within a
package, or is no cheaper.
"""

TABLES = ("marketplace_planprice", "marketplace_pricedraft", "marketplace_order")

GUARDS = """
CREATE FUNCTION tiers_fall(price numeric, tiers numeric[], package integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(bool_and((tiers[n][1] > coalesce(tiers[n - 1][1], 0)
                              AND tiers[n][2] < coalesce(tiers[n - 1][2], price)
                              AND tiers[n][2] > 0
                              AND coalesce(tiers[n][1] % package, 0) = 0) IS TRUE), true)
      FROM generate_subscripts(tiers, 1) n
$$;
""" + "".join(
    f"ALTER TABLE {table} ADD CONSTRAINT {table}_package_is_not_empty CHECK (package > 0),\n"
    f"    ADD CONSTRAINT {table}_tiers_fall CHECK (tiers_fall(unit_price, tiers, package));\n"
    for table in TABLES
)
UNGUARD = "".join(
    f"ALTER TABLE {table} DROP CONSTRAINT {table}_tiers_fall, DROP CONSTRAINT {table}_package_is_not_empty;\n"
    for table in TABLES
) + ("DROP FUNCTION tiers_fall(numeric, numeric[], integer);")
