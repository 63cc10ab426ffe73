-- Calls a function as PostgREST does:
--   psql -v sub=ann -v name='Ann Ames' -v call=lock_row \
--        -v json='{"table_name": "article", "key": "42"}' -f call.sql
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SELECT set_config('search_path', 'api, public', true), set_config('role', 'authenticated', true),
	set_config('request.headers', '{}', true),
	set_config('request.jwt.claims', jsonb_build_object('sub', :'sub', 'name', :'name', 'role', 'authenticated')::text, true)
\g /dev/null
SELECT api.pre_request() \g /dev/null
SELECT string_agg(format('%I := %L', argument, value), ', ') AS arguments FROM json_each_text(:'json') AS a(argument, value) \gset
WITH pgrst_source AS (SELECT * FROM api.:"call"(:arguments))
SELECT row_to_json(pgrst_source) FROM pgrst_source;
COMMIT;
