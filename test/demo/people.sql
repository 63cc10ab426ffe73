-- Setup for locking-web, run after story.sql: passwords for the three roles,
-- since users sign in as roles, and locks, a draft and a request to display
SET client_min_messages = warning;

ALTER ROLE anna PASSWORD 'anna';
ALTER ROLE bert PASSWORD 'bert';
ALTER ROLE carla PASSWORD 'carla';
CREATE ROLE locking_web LOGIN;
-- the figures of the overview
GRANT pg_monitor TO locking_web, carla;

SELECT locking.protect('proposal');
GRANT SELECT, INSERT, UPDATE, DELETE ON proposal TO anna, bert, carla;
GRANT EXECUTE ON FUNCTION locking.protect(regclass, boolean, boolean, name[], interval, interval, name),
	locking.unprotect(regclass) TO carla;

SET SESSION AUTHORIZATION anna;
SELECT locking.acquire('country', 'FR', '2 hours', note => 'overseas regions, back after lunch');
SELECT locking.save_draft(
	locking.acquire('proposal', '1'),
	'{"values": {"title": "Spell Türkiye as its own people do"}, "base": {"title": "Spell Türkiye as its people do"}}');
SELECT locking.release(token) FROM locking.locks WHERE relation = 'proposal'::regclass;

SET SESSION AUTHORIZATION bert;
SELECT locking.acquire('proposal', '2', '1 hour', note => 'waiting for the registry');
SELECT locking.acquire('language', 'bar', '1 hour', hard => false);
SELECT locking.request('country', 'FR', 'Only a comma, may I?');
RESET SESSION AUTHORIZATION;
