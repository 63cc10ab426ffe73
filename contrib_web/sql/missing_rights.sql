-- Rights that the program's role lacks for users of a sign-on proxy, whose
-- statements it runs; with take_over, users may also end others' locks.
-- parameters: take_over
-- returns: missing, command
SELECT
	pg_catalog.format('%s on %s', lacking.privilege, lacking.object) AS missing,
	pg_catalog.format(
		'GRANT %s ON %s TO %I;', lacking.privilege, lacking.object, current_user) AS command
FROM (
	SELECT 'EXECUTE', 'FUNCTION ' || f.name
	FROM (VALUES
		(true, 'locking.set_owner(text, text, boolean)'),
		(:'take_over'::boolean, 'locking.break_lock(regclass, text, text)'),
		(:'take_over'::boolean,
			'locking.take_over(regclass, text, text, interval, boolean, text, text)')
	) f(required, name)
	WHERE f.required
	AND NOT pg_catalog.has_function_privilege(f.name, 'EXECUTE')
	UNION ALL
	SELECT DISTINCT 'USAGE', pg_catalog.format('SCHEMA %I', n.nspname)
	FROM pg_catalog.pg_trigger t
	JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE t.tgname = '~locking_guard'
	AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
	UNION ALL
	SELECT p.privilege, pg_catalog.format('TABLE %I.%I', n.nspname, c.relname)
	FROM pg_catalog.pg_trigger t
	JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	CROSS JOIN (VALUES ('SELECT'), ('UPDATE')) p(privilege)
	WHERE t.tgname = '~locking_guard'
	AND NOT c.relispartition
	AND NOT pg_catalog.has_any_column_privilege(c.oid, p.privilege)
) lacking(privilege, object)
ORDER BY missing;
