-- key_columns: the names of the columns of the foreign key con
-- (pg_constraint), and of the columns that they reference.
LATERAL (
	SELECT
		ARRAY(
			SELECT a.attname::text
			FROM pg_catalog.unnest(con.conkey) WITH ORDINALITY k(attnum, no)
			JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum
			ORDER BY k.no
		) AS child,
		ARRAY(
			SELECT a.attname::text
			FROM pg_catalog.unnest(con.confkey) WITH ORDINALITY k(attnum, no)
			JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.attnum
			ORDER BY k.no
		) AS parent
) key_columns
