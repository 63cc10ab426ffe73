-- op.call: SQL for the operator of sought (typeid, strategy, sign). It names
-- the schema, since it is applied to columns: a role that may create objects
-- in a schema of the reader's search_path could otherwise have a function of
-- its own called by the reader. The strategy is that of the type's default
-- index order: 1 is less, 3 equal, 5 greater. Types without an order of their
-- own (varchar, enums, arrays, domains) use the system's operator of that
-- sign.
LATERAL (
	SELECT coalesce(
		(
			SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname)
			FROM pg_opclass c
			JOIN pg_amop m
				ON m.amopfamily = c.opcfamily
				AND m.amoplefttype = c.opcintype
				AND m.amoprighttype = c.opcintype
				AND m.amopstrategy = sought.strategy
			JOIN pg_operator o ON o.oid = m.amopopr
			JOIN pg_namespace n ON n.oid = o.oprnamespace
			WHERE c.opcmethod = 403::oid -- btree
			AND c.opcdefault
			AND c.opcintype = sought.typeid
		),
		'OPERATOR(pg_catalog.' || sought.sign || ')') AS call
) op
