-- The table of that name, as other statements name it.
-- parameters: table
-- gives: oid, is_protected
\set asked `cat parts/asked.sql`
WITH :asked
SELECT
	asked.oid,
	EXISTS (
		SELECT
		FROM locking.protected_tables p
		WHERE p.relation::oid = asked.oid
	) AS is_protected
FROM asked;
