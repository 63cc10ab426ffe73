--
-- Limits: times, lengths, numbers of rows, and arithmetic at the ends of the
-- types.
--
SELECT plan(3);

CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT g, 'title ' || g FROM generate_series(1, 300) g;
DO $$ BEGIN PERFORM locking.protect('article'); END $$;
LOAD 'locking';

-- ---- arithmetic: an end that no sum may go beyond ----

SELECT locking.acquire('article', 1), locking.acquire('article', 2), locking.acquire('article', 3);
UPDATE locking.lock SET expires_at = CASE key WHEN '1' THEN timestamptz '294276-12-31 23:59:59.999999+00'
	WHEN '2' THEN timestamptz 'infinity' ELSE timestamptz '-infinity' END;
SET locking.keep_lapsed = 2147483647;
SELECT is(locking.reap(), 1::bigint, 'reap() removes what has lapsed for ever only');
SELECT results_eq('SELECT key COLLATE "default" FROM locking.lock ORDER BY key', $$ VALUES ('1'), ('2') $$,
	'and no lock of the year 294276, however long lapsed records are kept');
SET locking.keep_lapsed = 0;
SELECT is(locking.reap(), 0::bigint, 'nor if they are not kept at all');
RESET locking.keep_lapsed;
DELETE FROM locking.lock;

SELECT finish();
