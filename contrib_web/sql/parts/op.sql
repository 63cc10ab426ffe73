-- op.sql: SQL for the operator of op_args (typeid, strategy, sign). It is
-- schema-qualified: a role that may create objects in a schema of the
-- reader's search_path could otherwise make the reader call its own function.
-- The strategy is that of the type's default B-tree operator class: 1 less, 2
-- less or equal, 3 equal, 4 greater or equal, 5 greater. Types without such a
-- class of their own (varchar, enums, arrays, domains) use the operator named
-- sign in pg_catalog.
LATERAL (
	SELECT coalesce(
		(
			SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname)
			FROM pg_opclass c
			JOIN pg_amop m
				ON m.amopfamily = c.opcfamily
				AND m.amoplefttype = c.opcintype
				AND m.amoprighttype = c.opcintype
				AND m.amopstrategy = op_args.strategy
			JOIN pg_operator o ON o.oid = m.amopopr
			JOIN pg_namespace n ON n.oid = o.oprnamespace
			WHERE c.opcmethod = 403::oid -- btree
			AND c.opcdefault
			AND c.opcintype = op_args.typeid
		),
		'OPERATOR(pg_catalog.' || op_args.sign || ')') AS sql
) op
