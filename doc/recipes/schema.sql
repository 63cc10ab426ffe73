-- The database of the recipes, run once by a superuser:
--   sudo -u postgres psql -d recipes <schema.sql
\set ON_ERROR_STOP on
BEGIN;

CREATE EXTENSION IF NOT EXISTS locking;

CREATE TABLE article (
	id integer PRIMARY KEY,
	title text NOT NULL,
	price numeric(8, 2) NOT NULL DEFAULT 5
);
INSERT INTO article VALUES (42, 'Tides'), (43, 'Dunes'), (44, 'Marshes');
SELECT locking.protect('article') \g /dev/null

-- A table whose rows may only be written under a lock.
CREATE TABLE account (id integer PRIMARY KEY, balance numeric(12, 2) NOT NULL);
INSERT INTO account VALUES (1, 100);
SELECT locking.protect('account', required => true) \g /dev/null

-- The application connects as one role on behalf of all its users. It
-- has to name the user in each transaction; otherwise it is refused.
SELECT 'CREATE ROLE app' WHERE to_regrole('app') IS NULL \gexec
ALTER ROLE app LOGIN PASSWORD 'app';
ALTER ROLE app SET locking.require_owner = on;
GRANT SELECT, INSERT, UPDATE, DELETE ON article, account TO app;
GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO app;
-- The application decides which of its users are moderators.
GRANT EXECUTE ON FUNCTION locking.break_lock(regclass, text, text), locking.break_lock(regclass, anyelement, text) TO app;

COMMIT;
