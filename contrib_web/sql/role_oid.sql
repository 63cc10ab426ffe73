-- The role of the session, by its oid: connections stay open when their role is dropped, and
-- another one of the same name may be created meanwhile. The operator is named with its schema,
-- since the role's own search_path applies.
SELECT oid
FROM pg_catalog.pg_roles
WHERE rolname OPERATOR(pg_catalog.=) SESSION_USER;
