--
-- Settings: the current owner, and the duration of locks
--
\set VERBOSITY terse
CREATE SCHEMA settings;
SET search_path = settings;
CREATE ROLE regress_settings_anna;
CREATE ROLE regress_settings_bert;
COMMENT ON ROLE regress_settings_anna IS 'Anna Albers';
GRANT USAGE ON SCHEMA settings TO PUBLIC;
CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT generate_series(1, 9);
GRANT SELECT, UPDATE ON article TO regress_settings_anna, regress_settings_bert;
SELECT locking.protect('article');

-- the owner is the role, its name the role's comment; SET ROLE applies
SELECT locking.owner() = session_user AS session_user;
SET ROLE regress_settings_anna;
SELECT locking.owner();
SELECT owner, owner_name FROM locking.try_acquire('article', 1);
SET ROLE regress_settings_bert;
SELECT locking.owner();
SELECT owner, owner_name FROM locking.try_acquire('article', 2);
UPDATE article SET title = 'mine' WHERE id = 1;
-- SECURITY DEFINER does not change the owner
RESET ROLE;
CREATE FUNCTION who() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT locking.owner()';
SET ROLE regress_settings_anna;
SELECT who();
-- an owner cannot be forged
SET locking.owner = 'regress_settings_bert';
SET locking.owner_name = 'Bert';
SELECT set_config('locking.owner', 'regress_settings_bert', false);
SELECT locking.set_owner('regress_settings_bert');
SET locking.enforce = off;
SET locking.history = off;
SET locking.notify = off;
SET locking.keep_lapsed = 0;
SELECT locking.owner();
RESET ROLE;

-- set_owner(): for one transaction, or for the session
GRANT EXECUTE ON FUNCTION locking.set_owner TO regress_settings_bert;
SET ROLE regress_settings_bert;
BEGIN;
SELECT locking.set_owner('carla', 'Carla Conti');
SELECT locking.owner(), owner_name FROM locking.try_acquire('article', 3);
COMMIT;
SELECT locking.owner();
SELECT owner, owner_name, is_mine FROM locking.locks WHERE relation = 'article'::regclass AND key = '3';
SELECT locking.set_owner(owner => 'job:reindex', owner_name => NULL, is_local => false);
SELECT locking.owner(), owner_name FROM locking.try_acquire('article', 4);
BEGIN;
SELECT locking.set_owner('carla');
SELECT is_mine FROM locking.locks WHERE relation = 'article'::regclass AND key = '3';
ROLLBACK;
SELECT locking.owner();
-- an empty owner stands for the role
SELECT locking.set_owner('', is_local => false);
SELECT locking.owner();
RESET ROLE;
SET locking.owner = 'anna';
SET locking.owner_name = 'Anna A.';
SELECT locking.owner(), owner_name FROM locking.try_acquire('article', 5);
RESET locking.owner;
RESET locking.owner_name;

-- a lock's duration: the argument, the table's setting, the session's setting
SELECT name, setting, unit, context FROM pg_settings WHERE name LIKE 'locking.time%' ORDER BY name;
SET ROLE regress_settings_anna;
SELECT round(seconds_left::numeric, -1) AS seconds_left FROM locking.try_acquire('article', 6);
SET locking.time_until_expiration = '1 h';
SET locking.time_until_warning = '30 min';
SELECT round(seconds_left::numeric, -1) AS seconds_left FROM locking.try_acquire('article', 7);
\set VERBOSITY sqlstate
SET locking.time_until_expiration = 0;
\set VERBOSITY terse
RESET ROLE;
SELECT locking.protect('article', ttl => '10 min', warning => '5 min');
SET ROLE regress_settings_anna;
SELECT ttl, warning FROM locking.protected_tables WHERE relation = 'article'::regclass;
SELECT round(seconds_left::numeric, -1) AS seconds_left FROM locking.try_acquire('article', 8);
SELECT round(seconds_left::numeric, -1) AS seconds_left FROM locking.try_acquire('article', 9, ttl => '1 min');
-- acquiring again never shortens a lock without an explicit ttl
SELECT round(seconds_left::numeric, -1) AS seconds_left FROM locking.try_acquire('article', 7);
SELECT round(seconds_left::numeric, -1) AS seconds_left FROM locking.try_acquire('article', 7, ttl => '2 min');
-- and renewals use the lock's own ttl
SELECT round(extract(epoch FROM locking.renew(token) - clock_timestamp())::numeric, -1) AS seconds_left
FROM locking.locks WHERE relation = 'article'::regclass AND key = '9';

-- any role may set what the guard does with locked rows
SET locking.on_locked = ignore;
SET locking.on_locked = skip;
UPDATE article SET title = 'x' WHERE id < 3;
RESET ALL;
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA settings CASCADE;
REVOKE ALL ON FUNCTION locking.set_owner FROM regress_settings_bert;
DROP ROLE regress_settings_anna, regress_settings_bert;
