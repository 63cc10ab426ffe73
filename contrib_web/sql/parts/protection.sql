-- How the table rel is protected, as the API shows it.
pg_catalog.json_build_object(
	'hard', rel.hard,
	'required', rel.required,
	'columns', rel.columns,
	'ttl', pg_catalog.date_part('epoch', rel.ttl),
	'warning', pg_catalog.date_part('epoch', rel.warning),
	'parent', rel.parent,
	'guarded', rel.guarded)
