-- Whether the request may run code (policies) of the table c (pg_class) and
-- wait for locks on it, although it names another table, rel. This is so if c
-- belongs to the same owner, to a superuser, or to a role of the reader. The
-- last condition does not apply to a superuser, which has all roles.
(
	c.relowner = rel.relowner
	OR (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = c.relowner)
	OR (
		pg_catalog.pg_has_role(c.relowner, 'USAGE')
		AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
	)
)
