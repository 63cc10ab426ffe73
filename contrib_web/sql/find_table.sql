-- The oid of a table, and whether it is protected.
-- parameters: table
-- returns: oid, is_protected
\set requested `cat parts/requested.sql`
WITH :requested
SELECT
	requested.oid,
	EXISTS (
		SELECT
		FROM locking.protected_tables p
		WHERE p.relation::oid = requested.oid
	) AS is_protected
FROM requested;
