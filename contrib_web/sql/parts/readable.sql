-- readable.yes: whether the role may read the table asked. Functions that
-- only look whether the table is protected are called for a readable one
-- only, since they would tell that to others. OFFSET 0 has it evaluated
-- before anything that depends on it.
LATERAL (
	SELECT pg_catalog.has_table_privilege(asked.oid, 'SELECT')
	OFFSET 0
) readable(yes)
