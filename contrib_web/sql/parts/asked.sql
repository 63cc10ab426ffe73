-- asked: the table named :'table', for a partition its root; no row if there
-- is none. OFFSET 0: it is looked up once, before the oid is used.
asked AS (
	SELECT coalesce(pg_catalog.pg_partition_root(r), r)::oid AS oid
	FROM pg_catalog.to_regclass(:'table'::text) r
	WHERE r IS NOT NULL
	OFFSET 0
)
