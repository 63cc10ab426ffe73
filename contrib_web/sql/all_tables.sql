-- All tables that the role may read, if they are protected or the role may
-- protect them.
\set may_end_locks `cat parts/may_end_locks.sql`
\set rel `cat parts/rel.sql`
\set may_protect `cat parts/may_protect.sql`
\set may_write `cat parts/may_write.sql`
\set protection `cat parts/protection.sql`
\set table_summary `cat parts/table_summary.sql`
WITH requested AS (
	SELECT oid
	FROM pg_class
	WHERE NOT relispartition
),
:rel,
counted AS (
	SELECT
		l.relation::oid AS oid,
		pg_catalog.count(*) AS locks
	FROM locking.locks l
	GROUP BY l.relation::oid
)
SELECT pg_catalog.json_build_object(
	'tables',
	coalesce(
		pg_catalog.json_agg(pg_catalog.json_build_object(:table_summary) ORDER BY rel.name),
		'[]'))
FROM rel
LEFT JOIN counted ON counted.oid = rel.oid,
LATERAL (SELECT coalesce(counted.locks, 0) AS locks) held
WHERE readable
AND (protected OR :may_protect);
