-- Rights of roles (a JSON array of names; "" is the role that runs this) to a
-- table, by its name as in events: 0 none, 1 to know that a lock changed (row
-- security decides about the rest), 2 all. Roles that do not exist have none.
-- Functions are named with their schema: a function of another schema could
-- be the better match, and be called instead.
-- parameters: table, roles
-- gives: role, extent
SELECT
	asked.role,
	CASE
		WHEN pg_catalog.has_schema_privilege(r.oid, c.relnamespace, 'USAGE') IS NOT TRUE
		OR pg_catalog.has_table_privilege(r.oid, c.oid, 'SELECT') IS NOT TRUE
			THEN 0
		WHEN c.relrowsecurity
		AND NOT r.rolsuper
		AND NOT r.rolbypassrls
		AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE'))
			THEN 1
		ELSE 2
	END AS extent
FROM pg_catalog.jsonb_array_elements_text(:'roles'::jsonb) asked(role)
LEFT JOIN pg_catalog.pg_roles r
	ON r.rolname = coalesce(nullif(asked.role, ''), current_user::text)
CROSS JOIN pg_catalog.parse_ident(:'table'::text) name
LEFT JOIN (
	pg_catalog.pg_class c
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
) ON n.nspname = name[1] AND c.relname = name[2];
