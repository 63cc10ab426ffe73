-- Rights of roles to see events of a table. roles is a JSON array of names,
-- in which "" is the current role. table is the name in events. extent: 0
-- none, 1 only that a lock changed (row security applies), 2 all. A role that
-- does not exist has none. Functions are schema-qualified: a function in
-- another schema could match the argument types better, and be called
-- instead.
-- parameters: table, roles
-- returns: role, extent
SELECT
	requested.role,
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
FROM pg_catalog.jsonb_array_elements_text(:'roles'::jsonb) requested(role)
LEFT JOIN pg_catalog.pg_roles r
	ON r.rolname = coalesce(nullif(requested.role, ''), current_user::text)
CROSS JOIN pg_catalog.parse_ident(:'table'::text) name
LEFT JOIN (
	pg_catalog.pg_class c
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
) ON n.nspname = name[1] AND c.relname = name[2];
