-- Labels for the rows of the table in label_args (oid, alias, fallback).
-- label.name: the column with the label, or NULL. label.sql: SQL for the
-- label of the row alias. It evaluates the SQL fallback if there is no such
-- column, or if the column is empty.
LATERAL (
	SELECT
		label_column.name,
		pg_catalog.format(
			'pg_catalog.left(coalesce(nullif(%s::text, ''''), %s), 200)',
			coalesce(label_args.alias || '.' || pg_catalog.quote_ident(label_column.name), 'NULL'),
			label_args.fallback) AS sql
	FROM (
		SELECT (
			SELECT a.attname::text
			FROM pg_attribute a
			JOIN pg_type t ON t.oid = a.atttypid
			LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
			WHERE a.attrelid = label_args.oid
			AND a.attnum > 0
			AND NOT a.attisdropped
			AND t.typcategory = 'S'
			AND a.attnum <> ALL (coalesce(i.indkey::int2[], '{}'))
			ORDER BY
				pg_catalog.array_position(
					ARRAY[
						'name', 'title', 'label', 'subject', 'headline', 'caption', 'description'
					],
					pg_catalog.lower(a.attname)),
				a.attnum
			LIMIT 1
		) AS name
	) label_column
) label
