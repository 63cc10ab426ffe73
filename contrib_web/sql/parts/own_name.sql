-- The display name of the current owner, or null. locking.owner() must have
-- been called before, since it loads the library, which defines the settings.
coalesce(
	nullif(pg_catalog.current_setting('locking.owner_name', true), ''),
	CASE
		WHEN locking.owner() = current_user THEN (
			SELECT pg_catalog.shobj_description(oid, 'pg_authid')
			FROM pg_catalog.pg_roles
			WHERE rolname = current_user
		)
	END)
