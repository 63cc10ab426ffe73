-- sent: for each member of the object "values" of body, its column (NULLs if
-- there is none) and SQL that reads it: its definition in jsonb_to_record()
-- AS v(), and then its value. The text of a JSON column is JSON itself, not a
-- JSON string, so it is read as text first.
sent AS (
	SELECT
		s.name,
		pg_catalog.jsonb_typeof(s.value) AS kind,
		col.attnum,
		col.ident,
		col.attgenerated,
		col.attidentity,
		col.key_no,
		pg_catalog.format(
			'%s %s',
			ident,
			CASE
				WHEN is_json THEN 'text'
				ELSE pg_catalog.format_type(atttypid, atttypmod)
			END) AS definition,
		pg_catalog.format(
			'v.%s%s',
			ident,
			CASE WHEN is_json THEN '::' || type ELSE '' END) AS value
	FROM body
	CROSS JOIN LATERAL pg_catalog.jsonb_each(
		CASE pg_catalog.jsonb_typeof(body."values") WHEN 'object' THEN body."values" ELSE '{}' END
	) s(name, value)
	LEFT JOIN col ON col.name = s.name
	CROSS JOIN LATERAL (
		-- json and jsonb, or a domain over one, or over such a domain
		WITH RECURSIVE base(oid, typtype, made_of) AS (
			SELECT t.oid, t.typtype, t.typbasetype
			FROM pg_type t
			WHERE t.oid = atttypid
			UNION ALL
			SELECT t.oid, t.typtype, t.typbasetype
			FROM base
			JOIN pg_type t ON t.oid = base.made_of
			WHERE base.typtype = 'd'
		)
		SELECT (SELECT oid FROM base WHERE typtype <> 'd')::int8 IN (114, 3802) AS is_json
	) j
)
