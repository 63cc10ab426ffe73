-- col: the columns of the table rel. ident and type are SQL. key_no is the
-- position in the primary key, or NULL.
col AS (
	SELECT
		a.*,
		a.attname::text AS name,
		pg_catalog.quote_ident(a.attname) AS ident,
		pg_catalog.format_type(a.atttypid, -1) AS type,
		pg_catalog.array_position(rel.key, a.attnum) AS key_no
	FROM rel
	JOIN pg_attribute a ON a.attrelid = rel.oid
	WHERE a.attnum > 0
	AND NOT a.attisdropped
)
