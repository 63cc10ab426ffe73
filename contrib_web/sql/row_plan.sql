-- SQL for row. In addition to the columns of row_sql:
--
-- referenced: a JSON object of the rows that the row references, by column;
-- only for foreign keys of one column to trusted tables
-- (parts/is_trusted.sql).
--
-- children: a JSON array of the foreign keys that reference the row, with the
-- number of rows, up to 1000, and whether the row's lock guards them. The
-- rows of a trusted table are counted if this is quick: with an index, or in
-- a small table.
-- parameters: table
-- returns: problem, detail, field, target, name, row_key, row_label
-- returns: row_values, parent_key
-- returns: source, matches, locks, parent_locks, referenced, children
\set requested `cat parts/requested.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set op `cat parts/op.sql`
\set label `cat parts/label.sql`
\set fk_join `cat parts/fk_join.sql`
\set row_sql `cat parts/row_sql.sql`
\set refusal `cat parts/refusal.sql`
\set is_trusted `cat parts/is_trusted.sql`
\set key_columns `cat parts/key_columns.sql`
WITH :requested,
:rel,
:col,
:row_sql,
:refusal,
referenced AS (
	SELECT
		pg_catalog.format(
			$sql$(
				SELECT coalesce(
					pg_catalog.json_object_agg(name, target) FILTER (WHERE target IS NOT NULL),
					'{}')
				FROM (VALUES %s) v(name, target)
			)$sql$,
			pg_catalog.string_agg(
				pg_catalog.format(
					$sql$(%L, (
						SELECT pg_catalog.json_build_object(
							'table', %L,
							'name', %L,
							'key', locking.row_key(p.*),
							'label', %s)
						FROM %s p
						WHERE %s
					))$sql$,
					a.attname,
					i.identity,
					con.confrelid::regclass::text,
					label.sql,
					i.identity,
					fk_join.condition),
				', ')) AS sql
	FROM rel
	JOIN pg_constraint con ON con.conrelid = rel.oid
	JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = con.conkey[1]
	JOIN pg_class c ON c.oid = con.confrelid,
	pg_catalog.pg_identify_object(1259, con.confrelid, 0) i,
	LATERAL (SELECT con.confrelid, 'p', 'locking.row_key(p.*)') label_args(oid, alias, fallback),
	:label,
	LATERAL (SELECT 't', 'p') side(child, parent),
	:fk_join
	WHERE con.contype = 'f'
	AND pg_catalog.cardinality(con.conkey) = 1
	AND :is_trusted
	AND pg_catalog.has_table_privilege(con.confrelid, 'SELECT')
	AND EXISTS (SELECT FROM pg_index WHERE indrelid = con.confrelid AND indisprimary)
	HAVING pg_catalog.count(*) > 0
),
child AS (
	SELECT
		con.conname,
		con.conrelid::regclass::text AS name,
		i.identity,
		key_columns.child AS columns,
		EXISTS (
			SELECT
			FROM locking.protected_tables p
			WHERE p.relation::oid = con.conrelid
			AND p.parent = con.conname
		) AS is_guarded,
		(
			SELECT pg_catalog.string_agg(
				pg_catalog.format('t.%I::text', k.name), ', ' ORDER BY k.no)
			FROM pg_catalog.unnest(key_columns.parent) WITH ORDINALITY k(name, no)
		) AS referenced,
		fk_join.condition,
		-- NULL if the table is not trusted, since even reading its size would
		-- wait for locks on it
		CASE
			WHEN :is_trusted THEN
				(c.relkind = 'r' AND pg_catalog.pg_relation_size(c.oid) < 8000000)
				OR EXISTS (
					SELECT
					FROM pg_index x
					WHERE x.indrelid = c.oid
					AND x.indisvalid
					AND x.indpred IS NULL
					AND x.indkey[0] = ANY (con.conkey)
				)
		END AS is_quick
	FROM rel
	JOIN pg_constraint con ON con.confrelid = rel.oid
	JOIN pg_class c ON c.oid = con.conrelid,
	pg_catalog.pg_identify_object(1259, con.conrelid, 0) i,
	:key_columns,
	LATERAL (SELECT 'c', 't') side(child, parent),
	:fk_join
	WHERE con.contype = 'f'
	AND con.conparentid = 0::oid
	AND pg_catalog.has_table_privilege(con.conrelid, 'SELECT')
)
SELECT
	refusal.problem,
	refusal.detail,
	refusal.field,
	rel.target,
	rel.name,
	row_sql.row_key,
	row_sql.row_label,
	row_sql.row_values,
	row_sql.parent_key,
	rel.source,
	row_sql.matches,
	row_sql.locks,
	row_sql.parent_locks,
	coalesce((SELECT sql FROM referenced), $sql$'{}'::json$sql$) AS referenced,
	(
		SELECT pg_catalog.format(
			'pg_catalog.array_to_json(ARRAY[%s]::json[])',
			pg_catalog.string_agg(
				pg_catalog.format(
					$sql$(
						SELECT pg_catalog.json_build_object(
							'constraint', %L,
							'table', %L,
							'name', %L,
							'guarded', %L::boolean,
							'filter', pg_catalog.json_object(%L::text[], ARRAY[%s]::text[]),
							'count', CASE WHEN n IS NOT NULL THEN least(n, 1000) END,
							'more', coalesce(n > 1000, false))
						FROM (%s) counted
					)$sql$,
					child.conname,
					child.identity,
					child.name,
					child.is_guarded,
					child.columns,
					child.referenced,
					CASE
						WHEN child.is_quick THEN
							pg_catalog.format(
								$sql$
								SELECT pg_catalog.count(*) AS n
								FROM (SELECT FROM %s c WHERE %s LIMIT 1000 + 1) c
								$sql$,
								child.identity,
								child.condition)
						ELSE 'SELECT NULL::bigint AS n'
					END),
				', ' ORDER BY child.name, child.conname))
		FROM child
	) AS children
FROM rel, row_sql, refusal
\gset
