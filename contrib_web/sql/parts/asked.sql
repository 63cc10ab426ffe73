-- asked: the table that :'table' names, for a partition its root; no row if
-- there is none. OFFSET 0 has it looked up once, before anything else sees
-- the oid.
asked AS (
	SELECT coalesce(pg_catalog.pg_partition_root(r), r)::oid AS oid
	FROM pg_catalog.to_regclass(:'table'::text) r
	WHERE r IS NOT NULL
	OFFSET 0
)
