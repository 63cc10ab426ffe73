-- For tools that send single statements and show the result. Each function
-- is a whole transaction on behalf of a user. Run it once as a superuser:
--   sudo -u postgres psql -d recipes <functions.sql
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;

-- Locks an article and reads it, or returns the holder and the seconds left.
CREATE FUNCTION open_article(login text, name text, id integer, OUT token text, OUT title text, OUT locked_by text, OUT seconds integer)
LANGUAGE plpgsql
AS $$
BEGIN
	PERFORM locking.set_owner(lower(login), name);
	SELECT CASE WHEN l.granted THEN l.token::text END, CASE WHEN NOT l.granted THEN l.owner_name END, ceil(l.seconds_left)
	INTO token, locked_by, seconds
	FROM locking.try_acquire('article', id) l;
	-- a later statement, which sees what the last holder saved
	SELECT a.title INTO title FROM article a WHERE a.id = open_article.id;
END $$;

-- Saves an article and ends its lock, or raises LK001.
CREATE FUNCTION save_article(login text, name text, id integer, token text, title text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	PERFORM locking.set_owner(lower(login), name);
	PERFORM locking.confirm(token::bigint);
	UPDATE article a SET title = save_article.title WHERE a.id = save_article.id;
	PERFORM locking.release(token::bigint);
END $$;

COMMIT;
