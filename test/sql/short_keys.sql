--
-- For keys of type integer, uuid or text, the gate hashes the value without
-- converting it to text.  The guard must find another owner's lock for each
-- type, length and position of the key.
--
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE DOMAIN small AS int2;
CREATE TABLE at_start (id int PRIMARY KEY, v int, t text);
CREATE TABLE of_8_bytes (id bigint PRIMARY KEY, v int);
CREATE TABLE behind_text (t text, v int, id bigint PRIMARY KEY);
CREATE TABLE behind_fixed (a int2, b int8, id int2 PRIMARY KEY, v int);
CREATE TABLE of_domain (id small PRIMARY KEY, v int);
CREATE TABLE behind_dropped (gone text, a bool, id int PRIMARY KEY, v int);
ALTER TABLE behind_dropped DROP COLUMN gone;
CREATE TABLE generated (base bigint, id bigint GENERATED ALWAYS AS (base * 2) STORED PRIMARY KEY, v int);
CREATE TABLE as_text (id text PRIMARY KEY, v int);
CREATE TABLE of_varchar (v int, id varchar(20) PRIMARY KEY);
CREATE TABLE of_uuid (v int, t text, id uuid PRIMARY KEY);
CREATE TABLE long_text (v int, id text PRIMARY KEY);
CREATE TABLE added_later (v int);
INSERT INTO added_later VALUES (0);
ALTER TABLE added_later ADD COLUMN id int NOT NULL DEFAULT 7;
ALTER TABLE added_later ADD PRIMARY KEY (id);

INSERT INTO at_start VALUES (-2147483648, 0, 'x'), (-512, NULL, NULL), (-1, NULL, 'x'), (0, 0, NULL), (1, 0, 'x'), (511, 0, 'x'), (512, 0, 'x'), (2147483647, 0, 'x');
INSERT INTO of_8_bytes VALUES (-9223372036854775808, 0), (-1, 0), (4294967296, 0), (9223372036854775807, 0);
INSERT INTO behind_text VALUES ('some text', 0, -9223372036854775808), (NULL, NULL, 0), ('x', 0, 42), (NULL, 0, 9223372036854775807);
INSERT INTO behind_fixed VALUES (1, 2, -32768, 0), (NULL, 2, 5, 0), (1, 2, 32767, NULL);
INSERT INTO of_domain VALUES (-3, 0), (3, 0);
INSERT INTO behind_dropped VALUES (true, 4, 0), (NULL, 5, 0);
INSERT INTO generated (base, v) VALUES (1, 0), (21, 0);
INSERT INTO as_text VALUES ('42', 0), ('042', 0), ('-0', 0), ('9223372036854775808', 0), ('+1', 0), (' 1', 0), ('', 0);
INSERT INTO of_varchar VALUES (0, '1'), (NULL, '-1'), (0, 'a b'), (0, '{1,2}'), (0, 'NULL'), (0, 'ü"');
INSERT INTO of_uuid SELECT 0, NULL, md5(g::text)::uuid FROM generate_series(1, 4) g UNION ALL SELECT 0, 'x', 'FFFFFFFF-0000-0000-0000-00000000000a';
INSERT INTO long_text SELECT 0, repeat(md5(g::text), 60) FROM generate_series(1, 3) g;
INSERT INTO added_later (id, v) VALUES (8, 0);

-- Locks each row in turn, and returns which rows of the table others may
-- write.
CREATE FUNCTION others_may_write(relation regclass) RETURNS TABLE (locked text, update_passes text[], delete_passes text[])
LANGUAGE plpgsql AS $$
DECLARE
	one text;
	other text;
	token bigint;
BEGIN
	FOR one IN EXECUTE format('SELECT id::text FROM %s ORDER BY id', relation) LOOP
		PERFORM locking.set_owner('anna');
		token := locking.acquire(relation, one);
		PERFORM locking.set_owner('bert');
		locked := one;
		update_passes := '{}';
		delete_passes := '{}';
		FOR other IN EXECUTE format('SELECT id::text FROM %s ORDER BY id', relation) LOOP
			BEGIN
				EXECUTE format('UPDATE %s SET v = v WHERE id::text = %L', relation, other);
				update_passes := update_passes || other;
			EXCEPTION WHEN lock_not_available THEN
			END;
			BEGIN
				EXECUTE format('DELETE FROM %s WHERE id::text = %L', relation, other);
				delete_passes := delete_passes || other;
				RAISE division_by_zero;
			EXCEPTION
				WHEN lock_not_available OR division_by_zero THEN
			END;
		END LOOP;
		PERFORM locking.set_owner('anna');
		PERFORM locking.release(token);
		RETURN NEXT;
	END LOOP;
END $$;

CREATE FUNCTION rows_of(relation regclass, OUT n int) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(*) FROM %s', relation) INTO n;
END $$;

-- only writes of the locked row are rejected
SELECT relation, count(*) AS rows,
	bool_and(NOT locked = ANY (update_passes)) AS updates_refused,
	bool_and(NOT locked = ANY (delete_passes)) AS deletes_refused,
	bool_and(cardinality(update_passes) = n - 1) AS other_updates_pass
FROM unnest(ARRAY['at_start', 'of_8_bytes', 'behind_text', 'behind_fixed', 'of_domain', 'behind_dropped', 'generated', 'as_text', 'of_varchar', 'of_uuid', 'long_text', 'added_later']::regclass[])
		WITH ORDINALITY AS u (relation, nr),
	LATERAL (SELECT locking.protect(relation)) AS protected,
	LATERAL others_may_write(relation) AS o,
	LATERAL (SELECT rows_of(relation) AS n) AS all_rows
GROUP BY relation, nr ORDER BY nr;

-- a change of the key is checked against locks of both the old and the new
-- key
SELECT locking.set_owner('anna', is_local => false);
SELECT locking.acquire('at_start', 1) > 0 AS acquired;
SELECT locking.set_owner('bert', is_local => false);
UPDATE at_start SET id = 2 WHERE id = 1;
DELETE FROM at_start WHERE id = 512;
UPDATE at_start SET id = 512 WHERE id = 511;
SELECT locking.set_owner('anna', is_local => false);
UPDATE at_start SET id = 100000 WHERE id = 1;
SELECT locking.set_owner('bert', is_local => false);
UPDATE at_start SET v = 1 WHERE id = 100000;
-- also if the row with the new key is gone but its lock is left
SET locking.enforce = off;
DELETE FROM at_start WHERE id = 100000;
SET locking.enforce = on;
UPDATE at_start SET id = 100000 WHERE id = 512;
-- several columns: the key's text is that of an array
CREATE TABLE of_three (v int, a bigint, b uuid, c int2, PRIMARY KEY (c, b, a));
INSERT INTO of_three SELECT 0, -g, md5(g::text)::uuid, g FROM generate_series(1, 3) g;
SELECT locking.protect('of_three');
SELECT locking.acquire('of_three', locking.row_key(o)) > 0 AS acquired FROM of_three o WHERE c = 2;
SELECT locking.set_owner('anna', is_local => false);
UPDATE of_three SET v = 1 WHERE c = 1;
UPDATE of_three SET v = 1 WHERE c = 2;
DELETE FROM of_three WHERE c = 2;
UPDATE of_three SET a = 0 WHERE c = 2;
UPDATE of_three SET (a, b, c) = (-2, md5('2')::uuid, 2) WHERE c = 3;
DROP TABLE of_three;
DROP FUNCTION others_may_write;
DROP TABLE at_start, of_8_bytes, behind_text, behind_fixed, of_domain, behind_dropped, generated, as_text, of_varchar, of_uuid, long_text, added_later;
DROP DOMAIN small;
