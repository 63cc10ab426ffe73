-- Locks for PostgREST, Supabase, PostGraphile and Hasura: functions whose
-- arguments are all text, without overloads. Run it once as a superuser:
--   sudo -u postgres psql -d recipes <api.sql
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;

CREATE SCHEMA api;

-- What the functions return. Hasura requires rows of a table, so this is a
-- table, which stays empty. Tokens are text: JavaScript numbers are exact
-- only up to 2^53.
CREATE TABLE api.lock (
	token text PRIMARY KEY,
	granted boolean,
	owner_name text,
	seconds_left double precision
);

-- The user of the request: PostgREST and Supabase, Hasura, PostGraphile.
CREATE FUNCTION api.claims() RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN coalesce(
	nullif(current_setting('request.jwt.claims', true), '')::jsonb,
	(SELECT jsonb_build_object('sub', h -> 'x-hasura-user-id', 'name', h -> 'x-hasura-user-name')
		FROM (SELECT nullif(current_setting('hasura.user', true), '')::jsonb) AS hasura(h)
		WHERE h IS NOT NULL),
	jsonb_build_object('sub', current_setting('jwt.claims.sub', true), 'name', current_setting('jwt.claims.name', true)));

-- Names the user of the request as the owner, until the transaction ends.
-- The users' roles may not call set_owner(), with which they could become any
-- owner. So this function runs with the privileges of the role that owns it.
CREATE FUNCTION api.name_owner() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	claims jsonb := api.claims();
BEGIN
	IF claims ->> 'sub' <> '' THEN
		PERFORM locking.set_owner(lower(claims ->> 'sub'), claims ->> 'name');
	END IF;
END $$;

-- PostgREST calls this before each request. A request with the header
-- Lock-Token is refused if the lock is lost.
CREATE FUNCTION api.pre_request() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	token text := nullif(current_setting('request.headers', true), '')::json ->> 'lock-token';
BEGIN
	PERFORM api.name_owner();
	IF token IS NOT NULL THEN
		PERFORM locking.confirm(token::bigint);
	END IF;
END $$;

-- A trigger for tables that PostGraphile and Hasura write: they call no
-- function before a request.
CREATE FUNCTION api.name_owner_of_statement() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
	PERFORM api.name_owner();
	RETURN NULL;
END $$;

-- Locks a row. Read the row in a later request, or in a later mutation.
CREATE FUNCTION api.lock_row(table_name text, key text) RETURNS api.lock
LANGUAGE sql VOLATILE
AS $$
	SELECT api.name_owner();
	SELECT CASE WHEN granted THEN token::text END, granted, owner_name, seconds_left
	FROM locking.try_acquire(table_name::regclass, key);
$$;

CREATE FUNCTION api.renew_row(token text, draft text DEFAULT NULL) RETURNS api.lock
LANGUAGE sql VOLATILE
AS $$
	SELECT api.name_owner();
	SELECT token, true, NULL::text, extract(epoch FROM expiry - clock_timestamp())::double precision
	FROM locking.renew(token::bigint, draft => draft::jsonb) AS expiry;
$$;

-- The first mutation of a save by PostGraphile or Hasura, which run all
-- mutations of a request in one transaction.
CREATE FUNCTION api.confirm_row(token text) RETURNS api.lock
LANGUAGE sql VOLATILE
AS $$
	SELECT api.name_owner();
	SELECT token, true, NULL::text, extract(epoch FROM expiry - clock_timestamp())::double precision
	FROM locking.confirm(token::bigint) AS expiry;
$$;

CREATE FUNCTION api.release_row(token text) RETURNS api.lock
LANGUAGE sql VOLATILE
AS $$
	SELECT api.name_owner();
	SELECT token, NOT locking.release(token::bigint), NULL::text, 0::double precision;
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;

-- The role of signed-in users; Supabase calls it authenticated.
SELECT 'CREATE ROLE authenticated' WHERE to_regrole('authenticated') IS NULL \gexec
GRANT authenticated TO app;
GRANT USAGE ON SCHEMA api TO authenticated, app;
GRANT SELECT ON api.lock TO authenticated, app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA api TO authenticated, app;
GRANT SELECT, UPDATE ON article TO authenticated;

CREATE TRIGGER name_owner BEFORE INSERT OR UPDATE OR DELETE ON article
	FOR EACH STATEMENT EXECUTE FUNCTION api.name_owner_of_statement();

COMMIT;
