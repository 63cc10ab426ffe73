-- Writes a row as PostgREST does, with the header Lock-Token, unless the
-- token is empty:
--   psql -v sub=ann -v name='Ann Ames' -v token=7 -v id=42 \
--        -v title='Ebb' -f patch.sql
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SELECT set_config('search_path', 'api, public', true), set_config('role', 'authenticated', true),
	set_config('request.headers', json_strip_nulls(json_build_object('lock-token', nullif(:'token', '')))::text, true),
	set_config('request.jwt.claims', jsonb_build_object('sub', :'sub', 'name', :'name', 'role', 'authenticated')::text, true)
\g /dev/null
SELECT api.pre_request() \g /dev/null
WITH pgrst_source AS (UPDATE public.article SET title = :'title' WHERE id = :id RETURNING *)
SELECT row_to_json(pgrst_source) FROM pgrst_source;
COMMIT;
