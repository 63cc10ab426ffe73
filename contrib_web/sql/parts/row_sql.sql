-- row_sql: SQL for a second statement, which reads a row of the table rel.
-- The SQL refers to the row as t, or t.* as a whole (t alone might be a
-- column), to the key in the request as requested.key, and to the keys of the
-- row and of the row that guards it as r.key and r.parent_key. Every
-- identifier comes from format() or quote_ident(), and no value of the
-- request is part of the SQL.
--
-- row_key, row_label, row_values: expressions of a row
-- matches: the condition that the row has the key in the request
-- parent_key: the key of the row that guards this one; NULL if there is none
-- locks, parent_locks: the live locks of the two rows. The view locking.locks
-- would read all locks of the table, since a condition on the key is not
-- pushed down into a security barrier view.
-- parent_columns: numbers of the columns that reference the row that guards
-- this one
row_sql AS (
	SELECT
		'locking.row_key(t.*)' AS row_key,
		label.sql AS row_label,
		(
			SELECT pg_catalog.format(
				'pg_catalog.json_object(ARRAY[%s]::text[], ARRAY[%s]::text[])',
				pg_catalog.string_agg(pg_catalog.quote_literal(name), ', ' ORDER BY attnum),
				pg_catalog.string_agg(
					pg_catalog.format('t.%s::text', ident), ', ' ORDER BY attnum))
			FROM col
		) AS row_values,
		CASE
			WHEN pg_catalog.cardinality(rel.key) = 1 THEN (
				SELECT pg_catalog.format('t.%s %s requested.key::%s', col.ident, op.sql, col.type)
				FROM col,
					LATERAL (SELECT col.atttypid, 3, '=') op_args(typeid, strategy, sign),
					:op
				WHERE key_no = 1
			)
			ELSE (
				SELECT
					pg_catalog.format(
						'pg_catalog.cardinality(requested.key::text[]) = %s AND ',
						pg_catalog.count(*))
					|| pg_catalog.string_agg(
						pg_catalog.format(
							't.%s %s (requested.key::text[])[%s]::%s',
							col.ident, op.sql, col.key_no, col.type),
						' AND ')
				FROM col,
					LATERAL (SELECT col.atttypid, 3, '=') op_args(typeid, strategy, sign),
					:op
				WHERE key_no > 0
			)
		END AS matches,
		CASE
			WHEN rel.protected THEN
				pg_catalog.format('locking.locks_of(%s::oid::regclass, ARRAY[r.key])', rel.oid)
			ELSE '(SELECT * FROM locking.locks LIMIT 0)'
		END AS locks,
		CASE
			WHEN EXISTS (
				SELECT
				FROM locking.protected_tables p
				WHERE p.relation::oid = con.confrelid
			) THEN
				pg_catalog.format(
					'locking.locks_of(%s::oid::regclass, ARRAY[r.parent_key])', con.confrelid)
			ELSE '(SELECT * FROM locking.locks LIMIT 0)'
		END AS parent_locks,
		CASE
			WHEN pg_catalog.has_table_privilege(con.confrelid, 'SELECT') THEN
				pg_catalog.format(
					'(SELECT locking.row_key(p.*) FROM %s p WHERE %s)',
					(pg_catalog.pg_identify_object(1259, con.confrelid, 0)).identity,
					fk_join.condition)
			ELSE 'NULL::text'
		END AS parent_key,
		coalesce(con.conkey, '{}') AS parent_columns
	FROM rel
	LEFT JOIN pg_constraint con
		ON con.conrelid = rel.oid
		AND con.conname = rel.parent
		AND con.contype = 'f',
	LATERAL (SELECT rel.oid, 't', 'locking.row_key(t.*)') label_args(oid, alias, fallback),
	:label,
	LATERAL (SELECT 't', 'p') side(child, parent),
	:fk_join
)
