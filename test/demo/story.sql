--
-- Users: two editors, and an administrator who may end locks of other users
--
CREATE EXTENSION locking;
CREATE ROLE anna LOGIN;
CREATE ROLE bert LOGIN;
CREATE ROLE carla LOGIN;
COMMENT ON ROLE anna IS 'Anna Albers';
COMMENT ON ROLE bert IS 'Bert Brandt';
COMMENT ON ROLE carla IS 'Carla Conti, administrator';
GRANT SELECT, INSERT, UPDATE, DELETE ON language, country, subdivision TO anna, bert, carla;
GRANT EXECUTE ON FUNCTION
	locking.take_over(regclass, text, text, interval, boolean, text, text),
	locking.break_lock(regclass, text, text) TO carla;
--
-- Protect three tables. A subdivision is guarded by the lock on its country.
--
SELECT locking.protect('language');
SELECT locking.protect('country');
SELECT locking.protect('subdivision', parent => 'subdivision_country_fkey');
SELECT relation, key, hard, parent, guarded FROM locking.protected_tables ORDER BY relation;
--
-- 1. Anna opens Irish for editing. This locks the row for five minutes.
--
\connect - anna
SELECT locking.acquire('language', 'gle', '5 min', note => 'checking the spelling') AS token \gset anna_
\echo the token is :anna_token
SELECT * FROM language WHERE alpha_3 = 'gle';
--
-- Bert writes to the row with plain SQL. The database rejects the write. The
-- message shows the holder, the start of the lock and the remaining time.
--
\connect - bert
\set VERBOSITY verbose
UPDATE language SET name = 'Gaeilge' WHERE alpha_3 = 'gle';
\set VERBOSITY default
-- Other rows are not affected.
UPDATE language SET name = 'Deutsch' WHERE alpha_3 = 'deu';
-- An application calls try_acquire() before it opens its edit page.
SELECT granted, outcome, owner, owner_name, round(seconds_left) AS seconds_left
FROM locking.try_acquire('language', 'gle');
--
-- Anna saves: confirm, write and release in one transaction.
--
\connect - anna
BEGIN;
SELECT locking.confirm(:anna_token) > now() AS confirmed;
UPDATE language SET name = 'Irish (Gaeilge)' WHERE alpha_3 = 'gle';
SELECT locking.release(:anna_token) AS released;
COMMIT;
--
-- 2. A soft lock warns other writers, but does not stop them.
--
SELECT locking.acquire('language', 'cym', hard => false) IS NOT NULL AS locked_softly;
\connect - bert
UPDATE language SET name = 'Cymraeg' WHERE alpha_3 = 'cym';
--
-- 3. Every lock expires. Anna's browser crashes after locking Breton for one
--    second.
--
\connect - anna
SELECT locking.acquire('language', 'bre', '1 second') IS NOT NULL AS locked;
\connect - bert
UPDATE language SET name = 'Brezhoneg' WHERE alpha_3 = 'bre';
SELECT pg_sleep(1.2);
UPDATE language SET name = 'Brezhoneg' WHERE alpha_3 = 'bre';
--
-- 4. Anna locks Cornish and goes home. Carla takes over the lock and gives a
--    reason.
--
\connect - anna
SELECT locking.acquire('language', 'cor', '1 hour') AS token \gset anna_
\connect - bert
SELECT locking.take_over('language', 'cor', 'I am in a hurry');
\connect - carla
SELECT locking.take_over('language', 'cor', 'Anna has left, this goes to print tonight') AS token \gset carla_
BEGIN;
SELECT locking.confirm(:carla_token) > now() AS confirmed;
UPDATE language SET name = 'Kernewek' WHERE alpha_3 = 'cor';
SELECT locking.release(:carla_token) AS released;
COMMIT;
-- The next morning, Anna presses Save. Her token is no longer valid, although
-- the row is not locked any more. So she cannot overwrite Carla's change.
\connect - anna
\set VERBOSITY verbose
SELECT locking.confirm(:anna_token);
\set VERBOSITY default
SELECT event, owner, actor, reason FROM locking.history WHERE key = 'cor' ORDER BY at, id;
--
-- 5. A batch job skips locked rows. Anna has two Celtic languages open. The
--    job leaves out these two and reports their number.
--
SELECT key FROM locking.acquire_all('language', ARRAY['gla', 'glv']);
\connect - bert
BEGIN;
SET LOCAL locking.on_locked = 'skip';
UPDATE language SET inverted_name = upper(name)
WHERE alpha_3 IN ('bre', 'cor', 'gla', 'gle', 'glv');
COMMIT;
SELECT alpha_3, name, inverted_name FROM language
WHERE alpha_3 IN ('bre', 'cor', 'gla', 'gle', 'glv') ORDER BY alpha_3;
--
-- 6. A lock on a parent guards its children. Anna locks Iceland. Bert can
--    neither rename nor add a region, nor delete the country.
--
\connect - anna
SELECT locking.acquire('country', 'IS', '10 min', note => 'regions are being redrawn') IS NOT NULL AS locked;
\connect - bert
UPDATE subdivision SET name = 'Reykjavík' WHERE code = 'IS-1';
INSERT INTO subdivision VALUES ('IS-9', 'IS', 'Surtsey', 'Region');
DELETE FROM country WHERE alpha_2 = 'IS';
\connect - anna
UPDATE subdivision SET name = 'Höfuðborgarsvæðið' WHERE code = 'IS-1';
--
-- 7. A list of rows shows their locks by joining a view.
--
\connect - bert
SELECT a.alpha_3, a.name, coalesce(l.owner_name, l.owner) AS locked_by, l.hard, l.is_mine,
	ceil(l.seconds_left) AS seconds_left
FROM language a
LEFT JOIN locking.locks l ON l.relation = 'language'::regclass AND l.key = a.alpha_3
WHERE a.alpha_3 IN ('bre', 'cor', 'cym', 'gla', 'gle', 'glv')
ORDER BY a.alpha_3;
SELECT relation, key, owner, note, to_char(expires_at - acquired_at, 'MI:SS') AS time
FROM locking.locks ORDER BY relation, key;
