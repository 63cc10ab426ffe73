--
-- The history: one event for each change of a lock; reap() and
-- purge_history()
--
\set VERBOSITY terse
CREATE SCHEMA history;
SET search_path = history;
CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT generate_series(1, 9);
SELECT locking.protect('article');
CREATE VIEW recorded AS
	SELECT event, key, token - min(token) OVER () AS token, owner, actor, reason
	FROM locking.history WHERE relation = 'article'::regclass ORDER BY id;
CREATE FUNCTION lapse(of bigint, ago interval) RETURNS void LANGUAGE sql AS $$
	UPDATE locking.lock SET expires_at = clock_timestamp() - ago WHERE token = of $$;
-- timestamps, session roles and addresses
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1) AS token \gset
SELECT at <= clock_timestamp() AND at > clock_timestamp() - interval '1 h' AS now, event, relation, key, token = :token AS token,
	owner, actor, actor_name, session_role = session_user AS session_role, client_addr IS NOT DISTINCT FROM inet_client_addr() AS client_addr, reason
FROM locking.history WHERE relation = 'article'::regclass;
-- renewals are not recorded; a release is recorded once
SELECT locking.renew(:token) IS NOT NULL AS renewed, locking.confirm(:token) IS NOT NULL AS confirmed, locking.acquire('article', 1) = :token AS again;
SELECT locking.release(:token), locking.release(:token);
SELECT * FROM recorded;
-- broken and taken over, with actor and reason; taking over records two
-- events
SELECT locking.acquire('article', 2) IS NOT NULL AS acquired, locking.acquire('article', 3) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
SELECT locking.break_lock('article', 2, 'gone home');
SELECT locking.take_over('article', 3, 'urgent') AS token \gset
SELECT * FROM recorded OFFSET 2;
-- expired when another owner acquires the row, resumed when none did
SELECT lapse(:token, '1 s');
SELECT locking.renew(:token) IS NOT NULL AS resumed;
SELECT lapse(:token, '1 s');
SET locking.owner = 'anna';
SELECT locking.acquire('article', 3) AS token \gset
SELECT lapse(:token, '1 s');
SELECT outcome FROM locking.try_acquire('article', 3);
SELECT * FROM recorded OFFSET 7;
-- the owner's DELETE and TRUNCATE release; a change of the key records no
-- event
SELECT locking.acquire('article', 4) IS NOT NULL AS acquired;
UPDATE article SET id = 40 WHERE id = 4;
DELETE FROM article WHERE id = 40;
SELECT locking.release_all();
SELECT * FROM recorded OFFSET 11;
-- neither rolled-back nor refused operations are recorded
BEGIN;
SELECT locking.acquire('article', 5) IS NOT NULL AS acquired;
ROLLBACK;
SET locking.owner = 'bert';
SELECT count(*) FROM locking.acquire_all('article', ARRAY['5', '6']);
SET locking.owner = 'anna';
SELECT locking.acquire('article', 6);
SELECT outcome FROM locking.try_acquire('article', 6);
SELECT * FROM recorded OFFSET 14;
-- unprotect breaks the locks
SELECT locking.unprotect('article');
SELECT * FROM recorded OFFSET 16;
SELECT locking.protect('article');
-- no events with locking.history = off
SET locking.history = off;
SELECT locking.release(locking.acquire('article', 7));
RESET locking.history;
SELECT count(*) FROM recorded;

-- events of rows that the reader may not see are hidden
CREATE ROLE regress_history;
GRANT USAGE ON SCHEMA history TO regress_history;
SET ROLE regress_history;
SELECT count(*) FROM locking.history;
SELECT count(*) FROM locking.protected_tables;
RESET ROLE;
GRANT SELECT ON article TO regress_history;
SET ROLE regress_history;
SELECT count(*) FROM locking.history;
SELECT locking.purge_history('1 h');
SELECT locking.reap();
RESET ROLE;

-- purge_history()
UPDATE locking.event SET at = at - interval '1 day' WHERE relation = 'article'::regclass AND event = 'acquired';
SELECT locking.purge_history(older_than => '1 h') = count(*) AS purged FROM locking.event WHERE event = 'acquired' AND at < now() - interval '1 h';
SELECT DISTINCT event FROM recorded ORDER BY event;
SELECT locking.purge_history('0') > 0 AS rest;
SELECT count(*) FROM recorded;

-- reap(): lapsed for longer than keep_lapsed
TRUNCATE article;
INSERT INTO article SELECT generate_series(1, 9);
SELECT locking.release_all();
SELECT count(*) FROM locking.acquire_all('article', ARRAY['1', '2', '3', '4', '5']);
UPDATE locking.lock SET expires_at = clock_timestamp() - CASE WHEN key < '4' THEN interval '2 h' ELSE interval '30 min' END WHERE key < '5';
SELECT key FROM locking.locks;
SELECT locking.reap(max_rows => 1), locking.reap(0) AS none;
SELECT locking.reap() AS rest, locking.reap() AS again;
SELECT key FROM locking.lock ORDER BY key;
SELECT event, key, owner, actor FROM locking.history WHERE event = 'expired' ORDER BY id;
SET locking.keep_lapsed = 0;
SELECT locking.reap();
RESET locking.keep_lapsed;
SELECT key FROM locking.lock ORDER BY key;
-- a record can be resumed until reap() may remove it
SELECT token FROM locking.lock \gset
SELECT lapse(:token, '59 min');
SELECT locking.reap();
SELECT locking.renew(:token) IS NOT NULL AS resumed;
SELECT lapse(:token, '61 min');
SELECT locking.reap();
\set VERBOSITY sqlstate
SELECT locking.renew(:token);
\set VERBOSITY terse
-- acquire() also removes lapsed records from time to time; a new session
-- begins with the oldest tokens
SELECT count(*) FROM locking.acquire_all('article', ARRAY['1', '2', '3', '4', '5']);
UPDATE locking.lock SET expires_at = clock_timestamp() - interval '2 h';
VACUUM locking.lock;
\c -
DO $$ BEGIN
	FOR i IN 1 .. 100 LOOP
		PERFORM locking.release(locking.acquire('history.article', 9));
		COMMIT;
	END LOOP;
END $$;
SELECT count(*) FROM locking.lock;

SET client_min_messages = warning;
DROP SCHEMA history CASCADE;
DROP ROLE regress_history;
