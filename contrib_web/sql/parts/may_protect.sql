-- Whether the role may protect the table rel: it has the privileges of the
-- owner, or was granted EXECUTE on the function by name. protect() and
-- unprotect() check this themselves.
(
	pg_catalog.pg_has_role(rel.relowner, 'USAGE')
	OR EXISTS (
		SELECT
		FROM pg_proc p, pg_catalog.aclexplode(p.proacl) a
		WHERE p.oid = 'locking.protect'::regproc::oid
		AND a.privilege_type = 'EXECUTE'
		AND a.grantee <> 0::oid
		AND a.grantee <> p.proowner
		AND pg_catalog.pg_has_role(a.grantee, 'USAGE')
	)
)
