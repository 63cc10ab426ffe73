--
-- The names of tables as text, beside each column "relation" of type regclass
--
SELECT plan(15);

SELECT is_empty($$
	SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE c.relnamespace = 'locking'::regnamespace AND c.relkind = 'v' AND a.atttypid = 'regclass'::regtype
		AND NOT EXISTS (SELECT FROM pg_attribute s JOIN pg_attribute t ON t.attrelid = s.attrelid AND t.attnum = s.attnum + 1
			WHERE s.attrelid = c.oid AND s.attnum = a.attnum + 1 AND s.attname = 'schema_name' AND t.attname = 'table_name'
				AND s.atttypid = 'text'::regtype AND t.atttypid = 'text'::regtype) $$,
	'every view that shows a relation has its names');

CREATE SCHEMA "A Press";
CREATE TABLE "A Press"."My Article" (id integer PRIMARY KEY);
CREATE TABLE "A Press".other (id integer PRIMARY KEY);
CREATE TABLE part (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
INSERT INTO "A Press"."My Article" VALUES (1), (2);
INSERT INTO "A Press".other VALUES (1);
INSERT INTO part VALUES (1);
SELECT locking.protect('"A Press"."My Article"'), locking.protect('"A Press".other'), locking.protect('part');
SET locking.owner = 'anna';
SELECT locking.acquire('"A Press"."My Article"', 1) AS token, locking.acquire('"A Press".other', 1), locking.acquire('part_1', 1) \gset
SELECT locking.save_draft(:token, '{}');
SET locking.owner = 'bert';
SELECT locking.request('"A Press"."My Article"', 1);
SET locking.owner = 'anna';

SELECT is((SELECT count(*) FROM locking.locks WHERE schema_name = 'A Press' AND table_name = 'My Article'), 1::bigint, 'locks, by names');
SELECT is((SELECT count(*) FROM locking.locks WHERE table_name = 'part'), 1::bigint, 'locks of a partitioned table, by its name');
SELECT is((SELECT count(*) FROM locking.protected_tables WHERE schema_name = 'A Press'), 2::bigint, 'protected_tables, by schema');
SELECT is((SELECT count(*) FROM locking.history WHERE schema_name = 'A Press' AND table_name = 'My Article'), 1::bigint, 'history, by names');
SELECT is((SELECT count(*) FROM locking.drafts WHERE schema_name = 'A Press' AND table_name = 'My Article'), 1::bigint, 'drafts, by names');
SELECT is((SELECT count(*) FROM locking.requests WHERE schema_name = 'A Press' AND table_name = 'My Article'), 1::bigint, 'requests, by names');
SELECT is((SELECT schema_name || '/' || table_name FROM locking.locks_of('"A Press"."My Article"', '{1}')), 'A Press/My Article', 'locks_of()');
SELECT is((SELECT schema_name || '/' || table_name FROM locking.history_of('"A Press"."My Article"', '1')), 'A Press/My Article', 'history_of()');

-- function and view give the same rows
SELECT is_empty($$ SELECT at, event, relation, schema_name, table_name, key, token, id FROM locking.history_of('"A Press"."My Article"', '1')
	EXCEPT SELECT at, event, relation, schema_name, table_name, key, token, id FROM locking.history WHERE table_name = 'My Article' $$, 'history_of() and history');
SELECT is_empty($$ SELECT relation, schema_name, table_name, key, token, owner, client, hard, note, acquired_at, renewed_at, expires_at, is_mine FROM locking.locks_of('"A Press"."My Article"', '{1}')
	EXCEPT SELECT relation, schema_name, table_name, key, token, owner, client, hard, note, acquired_at, renewed_at, expires_at, is_mine FROM locking.locks WHERE table_name = 'My Article' $$, 'locks_of() and locks');

-- names are the present ones
ALTER TABLE "A Press"."My Article" RENAME TO renamed;
ALTER SCHEMA "A Press" RENAME TO press;
SELECT results_eq($$ SELECT schema_name, table_name FROM locking.locks UNION SELECT schema_name, table_name FROM locking.history ORDER BY 1, 2 $$,
	$$ VALUES ('press', 'other'), ('press', 'renamed'), ('public', 'part') $$, 'after renaming table and schema');

-- a condition on the names is applied before the locks are read
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) ' || query;
END $$;
SET enable_seqscan = off;
SELECT ok(EXISTS (SELECT FROM plan_of('SELECT * FROM locking.locks WHERE table_name = ''renamed''') p WHERE p ~ 'lock_pkey.*loops=1\)$'),
	'locks of one table are read');
RESET enable_seqscan;
-- the history is read from its end, also with the names
INSERT INTO locking.event (event, relation, key, token, owner, session_role) SELECT 'released', 'part', '1', g, 'anna', 'anna' FROM generate_series(1, 5000) g;
ANALYZE locking.event;
SELECT ok(NOT EXISTS (SELECT FROM plan_of('SELECT * FROM locking.history ORDER BY id DESC LIMIT 1') p WHERE p ~ 'Sort|Hash|Seq Scan on event'),
	'the latest event is found without sorting');

-- dropped: nothing is left to name
DROP TABLE press.renamed;
SELECT is_empty($$ SELECT FROM locking.history WHERE table_name = 'renamed' OR table_name IS NULL $$, 'no history of a dropped table');
SELECT finish();
