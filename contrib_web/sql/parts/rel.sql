-- rel: the tables of requested (oid), except tables of the system and of this
-- extension. source: SQL for FROM that reads the table's own rows, without
-- those of tables that inherit from it.
rel AS (
	SELECT
		c.oid,
		c.oid::regclass::text AS name,
		pg_catalog.format('%I.%I', n.nspname, c.relname) AS target,
		CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END
			|| pg_catalog.format('%I.%I', n.nspname, c.relname) AS source,
		n.nspname::text AS schema,
		c.relname::text AS relation,
		c.relowner,
		c.reltuples,
		pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
		p.relation IS NOT NULL AS protected,
		p.hard,
		p.required,
		p.columns,
		p.ttl,
		p.warning,
		p.parent,
		p.guarded,
		coalesce((i.indkey::int2[])[0 : i.indnkeyatts - 1], '{}') AS key
	FROM requested
	JOIN pg_class c ON c.oid = requested.oid
	JOIN pg_namespace n ON n.oid = c.relnamespace
	LEFT JOIN locking.protected_tables p ON p.relation::oid = c.oid
	LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
	WHERE c.relkind IN ('r', 'p')
	AND pg_catalog.left(n.nspname::text, 3) <> 'pg_'
	AND n.nspname <> 'information_schema'
	AND n.nspname <> 'locking'
)
