-- submitted: a row for each member of the object "values" of body, with its
-- column (NULLs if there is none) and SQL that reads it: the definition in
-- jsonb_to_record() AS v(), and the value. The value of a JSON column is a
-- JSON string that contains JSON, so it is read as text and then cast.
submitted AS (
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
		-- json, jsonb, or a domain that is based on one of them
		WITH RECURSIVE base(oid, typtype, base_type) AS (
			SELECT t.oid, t.typtype, t.typbasetype
			FROM pg_type t
			WHERE t.oid = atttypid
			UNION ALL
			SELECT t.oid, t.typtype, t.typbasetype
			FROM base
			JOIN pg_type t ON t.oid = base.base_type
			WHERE base.typtype = 'd'
		)
		SELECT (SELECT oid FROM base WHERE typtype <> 'd')::int8 IN (114, 3802) AS is_json
	) j
)
