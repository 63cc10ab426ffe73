-- requested: the table named :'table', or the root if it is a partition; no
-- row if it does not exist. OFFSET 0: the lookup runs once, before the oid is
-- used.
requested AS (
	SELECT coalesce(pg_catalog.pg_partition_root(r), r)::oid AS oid
	FROM pg_catalog.to_regclass(:'table'::text) r
	WHERE r IS NOT NULL
	OFFSET 0
)
