-- A table, and the description of its columns for forms. The parameter is an
-- oid: locking.locks shows the locks of a table with row security only to
-- statements that name it. idle_limits: the option idle-limit, as JSON.
-- parameters: table oid, idle_limits
-- returns: problem, detail, field, table_json
\set may_end_locks `cat parts/may_end_locks.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set op `cat parts/op.sql`
\set label `cat parts/label.sql`
\set fk_join `cat parts/fk_join.sql`
\set row_sql `cat parts/row_sql.sql`
\set refusal `cat parts/refusal.sql`
\set key_columns `cat parts/key_columns.sql`
\set is_guarded `cat parts/is_guarded.sql`
\set may_protect `cat parts/may_protect.sql`
\set may_write `cat parts/may_write.sql`
\set protection `cat parts/protection.sql`
\set table_summary `cat parts/table_summary.sql`
WITH requested AS (
	SELECT :'table'::oid AS oid
),
:rel,
:col,
:row_sql,
:refusal,
-- column_json: base is the type of a column, or the base type of its domain,
-- with the first type modifier found from the column to the base type. The
-- modifier contains the length of text plus 4, or precision and scale of a
-- number.
column_json AS (
	SELECT
		col.attnum,
		pg_catalog.json_build_object(
			'name', col.name,
			'type', pg_catalog.format_type(col.atttypid, col.atttypmod),
			-- the kind of form field
			'category', category.names[1],
			-- of the elements of an array, or the bounds of a range
			'element_category', CASE
				WHEN base.typcategory IN ('A', 'R') AND element.oid IS NOT NULL
					THEN category.names[2]
			END,
			'values', (
				SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)
				FROM pg_enum e
				WHERE e.enumtypid = base.oid
			),
			-- arrays: the delimiter in a literal, and whether an element can
			-- be an empty text
			'delimiter', CASE WHEN base.typcategory = 'A' THEN element.typdelim END,
			'elements_are_text', CASE
				WHEN base.typcategory = 'A' THEN element.typcategory = 'S'
			END,
			'integer', base.oid::int8 IN (20, 21, 23) OR coalesce(number.scale <= 0, false),
			'max_length', CASE
				WHEN base.oid::int8 IN (1042, 1043) AND base.typmod > 4 THEN base.typmod - 4
			END,
			'precision', number.precision,
			'scale', number.scale,
			'not_null', col.attnotnull OR base.not_null,
			'default', (
				SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)
				FROM pg_attrdef d
				WHERE d.adrelid = rel.oid
				AND d.adnum = col.attnum
			),
			'generated', col.attgenerated <> '',
			'identity', CASE col.attidentity
				WHEN 'a' THEN 'always'
				WHEN 'd' THEN 'by default'
			END,
			'insertable',
				col.attgenerated = ''
				AND col.attidentity <> 'a'
				AND pg_catalog.has_column_privilege(rel.oid, col.attnum, 'INSERT'),
			'updatable',
				col.attgenerated = ''
				AND col.attidentity <> 'a'
				AND pg_catalog.has_column_privilege(rel.oid, col.attnum, 'UPDATE'),
			'key', col.key_no IS NOT NULL,
			'guarded', :is_guarded,
			'multiline', base.oid::int8 IN (25, 1043) AND base.typmod < 0,
			'comment', pg_catalog.col_description(rel.oid, col.attnum),
			-- the target of a foreign key on this column alone
			'references', (
				SELECT pg_catalog.json_build_object(
					'table', (pg_catalog.pg_identify_object(1259, con.confrelid, 0)).identity,
					'name', con.confrelid::regclass::text,
					'column', a.attname,
					'label', label.name,
					'is_key', EXISTS (
						SELECT
						FROM pg_index i
						WHERE i.indrelid = con.confrelid
						AND i.indisprimary
						AND i.indnkeyatts = 1
						AND i.indkey[0] = con.confkey[1]
					),
					'constraint', con.conname)
				FROM pg_constraint con
				JOIN pg_attribute a
					ON a.attrelid = con.confrelid
					AND a.attnum = con.confkey[1],
				LATERAL (SELECT con.confrelid, '', '') label_args(oid, alias, fallback),
				:label
				WHERE con.conrelid = rel.oid
				AND con.contype = 'f'
				AND pg_catalog.cardinality(con.conkey) = 1
				AND con.conkey[1] = col.attnum
				ORDER BY con.conname
				LIMIT 1
			)) AS json
	FROM rel,
		row_sql,
		col,
		LATERAL (SELECT col.name, col.key_no, col.attnum) changed,
		LATERAL (
			WITH RECURSIVE step AS (
				SELECT
					y.oid,
					col.atttypmod AS typmod,
					y.typnotnull AS not_null,
					y.typtype,
					y.typbasetype AS base_type,
					y.typtypmod AS next_typmod,
					y.typcategory,
					y.typelem
				FROM pg_type y
				WHERE y.oid = col.atttypid
				UNION ALL
				SELECT
					y.oid,
					CASE WHEN typmod < 0 THEN next_typmod ELSE typmod END,
					not_null OR y.typnotnull,
					y.typtype,
					y.typbasetype,
					y.typtypmod,
					y.typcategory,
					y.typelem
				FROM step
				JOIN pg_type y ON y.oid = step.base_type
				WHERE step.typtype = 'd'
			)
			SELECT oid, typmod, not_null, typcategory, typelem
			FROM step
			WHERE typtype <> 'd'
		) base
		LEFT JOIN pg_range span ON span.rngtypid = base.oid
		LEFT JOIN pg_type element ON element.oid = coalesce(span.rngsubtype, base.typelem),
		LATERAL (
			SELECT pg_catalog.array_agg(
				CASE
					WHEN kind.oid::int8 IN (20, 21, 23, 700, 701, 1700) THEN 'number'
					WHEN kind.oid = 1082::oid THEN 'date'
					WHEN kind.oid::int8 IN (1083, 1266) THEN 'time'
					WHEN kind.oid = 1114::oid THEN 'timestamp'
					WHEN kind.oid = 1184::oid THEN 'timestamptz'
					WHEN kind.oid = 1186::oid THEN 'interval'
					WHEN kind.oid::int8 IN (114, 3802) THEN 'json'
					WHEN kind.oid = 2950::oid THEN 'uuid'
					WHEN kind.oid = 17::oid THEN 'bytea'
					ELSE CASE kind.typcategory
						WHEN 'S' THEN 'text'
						WHEN 'B' THEN 'boolean'
						WHEN 'E' THEN 'enum'
						WHEN 'A' THEN 'array'
						ELSE 'other'
					END
				END
				ORDER BY kind.place)
			FROM (
				VALUES (1, base.oid, base.typcategory), (2, element.oid, element.typcategory)
			) kind(place, oid, typcategory)
		) category(names),
		LATERAL (
			SELECT
				CASE
					WHEN base.oid = 1700::oid AND base.typmod > 4
						THEN ((base.typmod - 4) >> 16) & 65535
				END,
				CASE
					WHEN base.oid = 1700::oid AND base.typmod > 4
						THEN (((base.typmod - 4) & 2047) # 1024) - 1024
				END
		) number(precision, scale)
),
-- foreign_key: foreign keys of the table (is_child), and those that reference
-- it
foreign_key AS (
	SELECT
		con.conname,
		side.is_child,
		pg_catalog.json_build_object(
			'constraint', con.conname,
			'table', (pg_catalog.pg_identify_object(1259, side.other, 0)).identity,
			'name', side.other::regclass::text,
			'columns', key_columns.child,
			'target_columns', key_columns.parent) AS json
	FROM rel,
		pg_constraint con,
		LATERAL (
			VALUES (con.conrelid, con.confrelid, true), (con.confrelid, con.conrelid, false)
		) side(own, other, is_child),
		:key_columns
	WHERE con.contype = 'f'
	AND con.conparentid = 0::oid
	AND (con.conrelid = rel.oid OR con.confrelid = rel.oid)
	AND side.own = rel.oid
)
SELECT
	CASE WHEN NOT rel.readable THEN 'forbidden' END AS problem,
	refusal.detail,
	refusal.field,
	pg_catalog.json_build_object(
		:table_summary,
		'time_until_idle', coalesce(
			limits.json ->> rel.target,
			limits.json ->> rel.name,
			limits.json ->> ''::text)::float8,
		'label_column', label.name,
		'primary_key', ARRAY(SELECT name FROM col WHERE key_no IS NOT NULL ORDER BY key_no),
		'columns', coalesce(
			(
				SELECT pg_catalog.json_agg(json ORDER BY attnum)
				FROM column_json
			),
			'[]'),
		'foreign_keys', coalesce(
			(
				SELECT pg_catalog.json_agg(json ORDER BY conname)
				FROM foreign_key
				WHERE is_child
			),
			'[]'),
		'children', coalesce(
			(
				SELECT pg_catalog.json_agg(json ORDER BY conname)
				FROM foreign_key
				WHERE NOT is_child
			),
			'[]')) AS table_json
FROM rel,
	refusal,
	(SELECT :'idle_limits'::jsonb) limits(json),
	LATERAL (SELECT rel.oid, '', '') label_args(oid, alias, fallback),
	:label,
	LATERAL (
		SELECT (
			SELECT pg_catalog.count(*)
			FROM locking.locks l
			WHERE l.relation::oid = rel.oid
		) AS locks
	) held;
