-- readable.yes: whether the role may read the table asked. Functions that
-- check only whether the table is protected are called for a readable table
-- only, since their errors would disclose that. OFFSET 0: it is evaluated
-- before what depends on it.
LATERAL (
	SELECT pg_catalog.has_table_privilege(asked.oid, 'SELECT')
	OFFSET 0
) readable(yes)
