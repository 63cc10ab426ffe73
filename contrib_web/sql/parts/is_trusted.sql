-- Whether the request may run code (policies) of the table c (pg_class) and
-- wait for locks on it, although it names another table, rel: if c belongs to
-- the same owner, to a superuser, or to one of the reader's own roles. For
-- a superuser, who has all roles, the last does not count.
(
	c.relowner = rel.relowner
	OR (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = c.relowner)
	OR (
		pg_catalog.pg_has_role(c.relowner, 'USAGE')
		AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
	)
)
