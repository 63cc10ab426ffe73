-- readable.yes: whether the role may read the requested table. A statement
-- must call a function that only checks whether the table is protected for a
-- readable table only, since the error would disclose the protection. OFFSET
-- 0: the check is evaluated before expressions that depend on it.
LATERAL (
	SELECT pg_catalog.has_table_privilege(requested.oid, 'SELECT')
	OFFSET 0
) readable(yes)
