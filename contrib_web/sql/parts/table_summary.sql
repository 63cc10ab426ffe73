-- Members of the JSON object for the table rel; held.locks is its number of
-- locks. The settings have no value until the extension's library is loaded.
-- On a standby nobody may change anything.
'table', rel.target,
'name', rel.name,
'schema', rel.schema,
'relation', rel.relation,
'comment', pg_catalog.obj_description(rel.oid, 'pg_class'),
'has_key', pg_catalog.cardinality(rel.key) > 0,
'protection', CASE WHEN rel.protected THEN :protection END,
'time_until_expiration', pg_catalog.date_part(
	'epoch',
	coalesce(
		rel.ttl,
		coalesce(
			nullif(pg_catalog.current_setting('locking.time_until_expiration', true), ''),
			'120 s')::interval)),
'time_until_warning', pg_catalog.date_part(
	'epoch',
	coalesce(
		rel.warning,
		coalesce(
			nullif(pg_catalog.current_setting('locking.time_until_warning', true), ''),
			'60 s')::interval)),
'may', pg_catalog.json_build_object(
	'select', rel.readable,
	'insert', :may_write AND pg_catalog.has_any_column_privilege(rel.oid, 'INSERT'),
	'update', :may_write AND pg_catalog.has_any_column_privilege(rel.oid, 'UPDATE'),
	'delete', :may_write AND pg_catalog.has_table_privilege(rel.oid, 'DELETE'),
	'protect', :may_write AND :may_protect,
	'break_locks', :may_write AND :may_end_locks AND pg_catalog.has_function_privilege(
		'locking.break_lock(regclass,text,text)', 'EXECUTE'),
	'take_over', :may_write AND :may_end_locks AND pg_catalog.has_function_privilege(
		'locking.take_over(regclass,text,text,interval,boolean,text,text)', 'EXECUTE')),
'locks', held.locks,
'rows_estimate', CASE WHEN rel.reltuples >= 0::float4 THEN rel.reltuples END
