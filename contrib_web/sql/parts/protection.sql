-- The protection settings of the table rel, as the API shows them.
pg_catalog.json_build_object(
	'hard', rel.hard,
	'required', rel.required,
	'columns', rel.columns,
	'ttl', pg_catalog.date_part('epoch', rel.ttl),
	'warning', pg_catalog.date_part('epoch', rel.warning),
	'parent', rel.parent,
	'guarded', rel.guarded)
