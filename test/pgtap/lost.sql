--
-- LK001: which row, how the lock ended, by whom and why; what is not told,
-- and to whom
--
SELECT plan(33);

CREATE SCHEMA "Press";
CREATE TABLE "Press".article (id integer PRIMARY KEY, title text, visible boolean NOT NULL DEFAULT true);
INSERT INTO "Press".article SELECT n, 'title' FROM generate_series(1, 700) n;
SET search_path = "Press", public;
SELECT locking.protect('article');
CREATE ROLE regress_lost_anna;
CREATE ROLE regress_lost_bert;
CREATE ROLE regress_lost_carla;
GRANT USAGE ON SCHEMA "Press" TO PUBLIC;
GRANT SELECT, UPDATE, DELETE ON article TO regress_lost_anna, regress_lost_bert, regress_lost_carla;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA locking TO regress_lost_carla;
SET client_min_messages = warning;
SET datestyle = 'ISO';

-- the error of a call: message, detail and table, with times and tokens
-- replaced
CREATE FUNCTION loss(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
	schema_name text;
	table_name text;
BEGIN
	EXECUTE 'SELECT locking.' || call;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
		schema_name = SCHEMA_NAME, table_name = TABLE_NAME;
	IF state <> 'LK001' OR hint <> 'Acquire the row again, and reread it before writing.' THEN
		RETURN state || ': ' || message;
	END IF;
	message := regexp_replace(message, 'token -?\d+', 'token');
	detail := regexp_replace(detail, '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[+-]\d+', '<time>');
	RETURN concat_ws(' | ', message, detail, schema_name || '.' || table_name);
END $$;
CREATE FUNCTION lapse(t bigint) RETURNS void SECURITY DEFINER LANGUAGE sql AS $$
	UPDATE locking.lock SET expires_at = clock_timestamp() WHERE token = t
$$;

-- ---- how it ended ----

SET ROLE regress_lost_anna;
SELECT locking.acquire('article', 1) AS t1, locking.acquire('article', 2) AS t2, locking.acquire('article', 3) AS t3, locking.acquire('article', 4) AS t4,
	locking.acquire('article', 5) AS t5, locking.acquire('article', 6) AS t6, locking.acquire('article', 7) AS t7, locking.acquire('article', 8) AS t8,
	locking.acquire('article', 9) AS t9, locking.acquire('article', 10) AS t10, locking.acquire('article', 11) AS t11 \gset
SELECT lapse(:t7);
RESET ROLE;
SET locking.keep_lapsed = 0;
SELECT locking.reap();
RESET locking.keep_lapsed;
SET ROLE regress_lost_anna;
SELECT locking.release(:t3), lapse(:t4), lapse(:t5), lapse(:t6);
DELETE FROM article WHERE id = 11;
SET ROLE regress_lost_carla;
SELECT locking.take_over('article', 1, 'Anna has left'), locking.break_lock('article', 2, 'not needed'), locking.acquire('article', 4),
	locking.take_over('article', 8, NULL), locking.break_lock('article', 9, NULL);
UPDATE article SET title = 'new' WHERE id = 5;
DELETE FROM article WHERE id = 6;
SET ROLE regress_lost_anna;
SELECT is(loss(format('%s(%s)', call, :t1)),
	'the lock with token on row "1" of table "article" is lost | It was taken over by regress_lost_carla at <time>: Anna has left. | Press.article', 'taken over: ' || call)
FROM (VALUES ('confirm'), ('renew')) v(call);
SELECT is(loss(format('save_draft(%s, ''{}'')', :t1)),
	'the lock with token on row "1" of table "article" is lost | It was taken over by regress_lost_carla at <time>: Anna has left. | Press.article', 'taken over: save_draft');
SELECT is(loss(format('confirm(%s)', :t8)),
	'the lock with token on row "8" of table "article" is lost | It was taken over by regress_lost_carla at <time>. | Press.article', 'taken over without a reason');
SELECT is(loss(format('confirm(%s)', :t2)),
	'the lock with token on row "2" of table "article" is lost | It was broken by regress_lost_carla at <time>: not needed. | Press.article', 'broken');
SELECT is(loss(format('confirm(%s)', :t9)),
	'the lock with token on row "9" of table "article" is lost | It was broken by regress_lost_carla at <time>. | Press.article', 'broken without a reason');
SELECT is(loss(format('confirm(%s)', :t3)),
	'the lock with token on row "3" of table "article" is lost | It was released at <time>. | Press.article', 'released');
SELECT is(loss(format('confirm(%s)', :t11)),
	'the lock with token on row "11" of table "article" is lost | It was released at <time>. | Press.article', 'released by deleting the row');
SELECT is(loss(format('confirm(%s)', :t4)),
	'the lock with token on row "4" of table "article" is lost | It expired, and the row was locked again by regress_lost_carla at <time>. | Press.article', 'locked again');
SELECT is(loss(format('confirm(%s)', :t7)),
	'the lock with token on row "7" of table "article" is lost | It expired, and its record was removed at <time>. | Press.article', 'too late');
SELECT is(loss(format('%s(%s)', call, :t5)),
	'the lock with token on row "5" of table "article" is lost | It expired at <time>, and the row was written or deleted since. | Press.article', 'written since: ' || call)
FROM (VALUES ('confirm'), ('renew')) v(call);
RESET ROLE;
UPDATE locking.lock SET lost = true WHERE token = :t5;
SET ROLE regress_lost_anna;
SELECT is(loss(format('confirm(%s)', :t5)),
	'the lock with token on row "5" of table "article" is lost | It expired at <time>, and another owner has written the row, or a row that refers to it, since. | Press.article',
	'written past, whatever the clock says');
RESET ROLE;
UPDATE locking.lock SET lost = false WHERE token = :t5;
SET ROLE regress_lost_anna;
SELECT locking.acquire('article', 12) AS t12 \gset
RESET ROLE;
SET locking.enforce = off;
DELETE FROM article WHERE id = 12;
RESET locking.enforce;
SET ROLE regress_lost_anna;
SELECT is(loss(format('confirm(%s)', :t12)),
	'the lock with token on row "12" of table "article" is lost | The row was deleted, or written by another owner after the lock had expired or past the guard, or you are not allowed to update it any more. | Press.article',
	'the row of a live lock is gone');
SELECT locking.acquire('article', 13) AS t13 \gset
SET ROLE regress_lost_bert;
SELECT locking.request('article', 13);
SET ROLE regress_lost_anna;
SELECT locking.hand_over(:t13);
SELECT is(loss(format('confirm(%s)', :t13)),
	'the lock with token on row "13" of table "article" is lost | It was handed over to regress_lost_bert at <time>. | Press.article', 'handed over');
SELECT is(loss('confirm(-1)'),
	'the lock with token is lost | It was released, broken or taken over, or it expired and the row was changed, or it never existed. | .', 'never issued');
SELECT is(loss(format('confirm(%s)', :t10)), 'no error', 'a live lock');

-- the actor's name, as the history keeps it
SELECT locking.acquire('article', 14) AS t14, locking.acquire('article', 15) AS t15 \gset
SELECT lapse(:t15);
SET ROLE regress_lost_carla;
BEGIN;
SELECT locking.set_owner('regress_lost_carla', 'Carla Smith');
SELECT locking.take_over('article', 14, 'Anna has left'), locking.acquire('article', 15);
COMMIT;
SET ROLE regress_lost_anna;
SELECT is(loss(format('confirm(%s)', :t14)),
	'the lock with token on row "14" of table "article" is lost | It was taken over by Carla Smith (regress_lost_carla) at <time>: Anna has left. | Press.article',
	'taken over by an owner with a name');
SELECT is(loss(format('confirm(%s)', :t15)),
	'the lock with token on row "15" of table "article" is lost | It expired, and the row was locked again by Carla Smith (regress_lost_carla) at <time>. | Press.article',
	'locked again by an owner with a name');

-- ---- far back in the history ----

RESET ROLE;
SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT generate_series(100, 700)));
SELECT locking.release_all();
SET ROLE regress_lost_bert;
SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT generate_series(100, 700)));
SELECT token AS middle FROM locking.locks WHERE key = '555' \gset
SELECT locking.release_all();
RESET ROLE;
SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT generate_series(100, 700)));
SELECT locking.release_all();
SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT generate_series(100, 700)));
SELECT locking.release_all();
SET ROLE regress_lost_anna;
SELECT is(loss(format('confirm(%s)', :t1)),
	'the lock with token on row "1" of table "article" is lost | It was taken over by regress_lost_carla at <time>: Anna has left. | Press.article', 'the first event of all');
SET ROLE regress_lost_bert;
SELECT is(loss(format('confirm(%s)', :middle)),
	'the lock with token on row "555" of table "article" is lost | It was released at <time>. | Press.article', 'an event in the middle');
SELECT is(loss('confirm(999999999)'),
	'the lock with token is lost | It was released, broken or taken over, or it expired and the row was changed, or it never existed. | .', 'a token beyond the last');

-- ---- what is not told ----

SELECT is(loss(format('confirm(%s)', :t1)),
	'the lock with token is lost | It was released, broken or taken over, or it expired and the row was changed, or it never existed. | .', 'another owner');
RESET ROLE;
REVOKE SELECT ON article FROM regress_lost_anna;
GRANT SELECT (id) ON article TO regress_lost_anna;
SET ROLE regress_lost_anna;
SELECT is(loss(format('confirm(%s)', :t1)),
	'the lock with token is lost | It was taken over at <time>. | Press.article', 'without SELECT on the table: neither row, nor actor, nor reason');
SELECT is(loss(format('confirm(%s)', :t4)),
	'the lock with token is lost | It expired, and the row was locked again at <time>. | Press.article', 'without SELECT: locked again');
SELECT is(loss(format('confirm(%s)', :t5)),
	'the lock with token is lost | It expired at <time>, and the row was written or deleted since. | Press.article', 'without SELECT: written since');
RESET ROLE;
GRANT SELECT ON article TO regress_lost_anna;
SET locking.enforce = off;
UPDATE article SET visible = false WHERE id IN (1, 2);
RESET locking.enforce;
ALTER TABLE article ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible_rows ON article USING (visible);
SET ROLE regress_lost_anna;
SELECT is(loss(format('confirm(%s)', :t1)),
	'the lock with token is lost | It was taken over at <time>. | Press.article', 'a row that row security hides');
SELECT is(loss(format('confirm(%s)', :t8)),
	'the lock with token on row "8" of table "article" is lost | It was taken over by regress_lost_carla at <time>. | Press.article', 'a row that row security shows');
RESET ROLE;
ALTER TABLE article DISABLE ROW LEVEL SECURITY;

-- ---- with less history ----

DELETE FROM locking.event WHERE event <> 'acquired';
SET ROLE regress_lost_anna;
SELECT is(loss(format('confirm(%s)', :t1)),
	'the lock with token on row "1" of table "article" is lost | It was released, broken or taken over, or it expired and the row was changed, or it never existed. | Press.article',
	'the end is not in the history');
RESET ROLE;
DELETE FROM locking.event;
SET ROLE regress_lost_anna;
SELECT is(loss(format('confirm(%s)', :t1)),
	'the lock with token is lost | It was released, broken or taken over, or it expired and the row was changed, or it never existed. | .',
	'no history at all');
SELECT is(loss(format('confirm(%s)', :t5)),
	'the lock with token on row "5" of table "article" is lost | It expired at <time>, and the row was written or deleted since. | Press.article', 'the record tells without history');

-- a snapshot from before the takeover does not matter
RESET ROLE;
SELECT locking.acquire('article', 20) AS t20 \gset
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM article;
SELECT locking.release(:t20);
SELECT matches(loss(format('confirm(%s)', :t20)), 'It was released at <time>', 'in a transaction with a snapshot of its own');
COMMIT;
SELECT is(loss(format('confirm(%s)', :t20)) ~ 'released', true, 'and after it');
SELECT finish();
