-- Whether the role may protect the table rel: it has the rights of the owner,
-- or EXECUTE on the function was granted to it by name. protect() and
-- unprotect() themselves check that.
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
