-- fk_join.condition: SQL for the condition that the row side.child references
-- the row side.parent by the foreign key con (pg_constraint). The operators
-- are those of the constraint.
LATERAL (
	SELECT (
		SELECT pg_catalog.string_agg(
			pg_catalog.format(
				'%s.%I OPERATOR(%I.%s) %s.%I',
				side.parent, p.attname, n.nspname, o.oprname, side.child, f.attname),
			' AND ' ORDER BY k.no)
		FROM unnest(con.confkey, con.conkey, con.conpfeqop)
			WITH ORDINALITY k(parent, child, op, no)
		JOIN pg_attribute p ON p.attrelid = con.confrelid AND p.attnum = k.parent
		JOIN pg_attribute f ON f.attrelid = con.conrelid AND f.attnum = k.child
		JOIN pg_operator o ON o.oid = k.op
		JOIN pg_namespace n ON n.oid = o.oprnamespace
	) AS condition
) fk_join
