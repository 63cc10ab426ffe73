-- Mutations as PostGraphile and Hasura execute them: Ann locks an article,
-- Bert's update of it is refused, and Ann saves.
\set QUIET on
\pset format unaligned
\pset tuples_only on
\echo PostGraphile
BEGIN;
SELECT set_config('role', 'authenticated', true), set_config('jwt.claims.sub', 'ann', true), set_config('jwt.claims.name', 'Ann Ames', true)
\g /dev/null
SELECT granted, owner_name, token AS token_of_ann FROM api.lock_row('article', '43') \gset
COMMIT;
\echo granted :granted to :owner_name
BEGIN;
SELECT set_config('role', 'authenticated', true), set_config('jwt.claims.sub', 'bert', true), set_config('jwt.claims.name', 'Bert Brandt', true)
\g /dev/null
UPDATE public.article SET title = 'Mine' WHERE id = 43;
ROLLBACK;

\echo Hasura
BEGIN;
SET LOCAL "hasura.user" = '{"x-hasura-role": "user", "x-hasura-user-id": "bert", "x-hasura-user-name": "Bert Brandt"}';
UPDATE public.article SET title = 'Mine' WHERE id = 43;
ROLLBACK;
BEGIN;
SET LOCAL "hasura.user" = '{"x-hasura-role": "user", "x-hasura-user-id": "Ann", "x-hasura-user-name": "Ann Ames"}';
SELECT granted FROM api.confirm_row(:'token_of_ann') \gset
UPDATE public.article SET title = 'Dunes of sand' WHERE id = 43 RETURNING title;
SELECT token IS NOT NULL FROM api.release_row(:'token_of_ann') \g /dev/null
COMMIT;
