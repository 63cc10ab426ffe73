--
-- Keys of every type: a row has one key text, regardless of the session's
-- settings, and row_key() returns it
--
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA keys;
SET search_path = keys;
-- Locks the only row of a table under the given spelling of its key.  Returns
-- the record's key, and whether it equals row_key(), whether is_locked() and
-- a writer with other settings find the record.
CREATE FUNCTION try(tab regclass, spelled text, join_text boolean = true,
	OUT key text, OUT row_key boolean, OUT joined boolean, OUT match boolean, OUT guarded boolean)
LANGUAGE plpgsql AS $$
DECLARE
	parts text;
BEGIN
	PERFORM set_config('locking.owner', 'anna', true);
	PERFORM locking.acquire(tab, spelled);
	SELECT l.key INTO STRICT key FROM locking.locks l WHERE l.relation = tab;
	EXECUTE format('SELECT locking.row_key(t) = $1 FROM %s t', tab) INTO row_key USING key;
	SELECT CASE WHEN count(*) = 1 THEN min(format('t.%I::text', attname))
			ELSE 'ARRAY[' || string_agg(format('t.%I::text', attname), ', ' ORDER BY array_position(conkey, attnum)) || ']::text' END
		INTO parts FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
		WHERE conrelid = tab AND contype = 'p';
	IF join_text THEN
		EXECUTE format('SELECT %s COLLATE "C" = $1 FROM %s t', parts, tab) INTO joined USING key;
	END IF;
	PERFORM set_config('timezone', 'Asia/Tokyo', true), set_config('datestyle', 'German', true),
		set_config('intervalstyle', 'sql_standard', true), set_config('bytea_output', 'escape', true),
		set_config('extra_float_digits', '-5', true), set_config('search_path', 'pg_catalog', true);
	match := locking.is_locked(tab, key);
	EXECUTE format('SELECT $2 AND locking.row_key(t) = $1 FROM %s t', tab) INTO row_key USING key, row_key;
	PERFORM set_config('locking.owner', 'bert', true);
	BEGIN
		EXECUTE format('DELETE FROM %s', tab);
		guarded := false;
	EXCEPTION WHEN lock_not_available THEN
		guarded := true;
	END;
END $$;
CREATE FUNCTION make(name text, type text, value text) RETURNS regclass LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE keys.%I (x text, id %s PRIMARY KEY)', name, type);
	EXECUTE format('ALTER TABLE keys.%I DROP COLUMN x', name);
	EXECUTE format('INSERT INTO keys.%I VALUES (%s)', name, value);
	PERFORM locking.protect(format('keys.%I', name)::regclass);
	RETURN format('keys.%I', name)::regclass;
END $$;
SET timezone = 'UTC';

CREATE DOMAIN sku AS text CHECK (VALUE ~ '^[A-Z]{3}-[0-9]+$');
CREATE DOMAIN natural_number AS integer CHECK (VALUE >= 0);
CREATE TYPE mood AS ENUM ('sad', 'so so', 'happy');
CREATE TYPE pair AS (a integer, b text);
SELECT * FROM try(make('k_smallint', 'smallint', '-7'), ' -7');
SELECT * FROM try(make('k_integer', 'integer', '2147483647'), '+2147483647');
SELECT * FROM try(make('k_bigint', 'bigint', '9223372036854775807'), '09223372036854775807');
SELECT * FROM try(make('k_oid', 'oid', '4000000000'), '4000000000');
SELECT * FROM try(make('k_uuid', 'uuid', '''a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'''), 'A0EEBC999C0B4EF8BB6D6BB9BD380A11');
SELECT * FROM try(make('k_text', 'text COLLATE "C"', $$'it''s "x" {a,b}\ '$$), 'it''s "x" {a,b}\ ');
SELECT * FROM try(make('k_varchar', 'varchar(5)', '''a b'''), 'a b');
SELECT * FROM try(make('k_char', 'char(5)', '''a'''), 'a    ');
SELECT * FROM try(make('k_name', 'name', '''a'''), 'a');
SELECT * FROM try(make('k_numeric', 'numeric', '1.00'), '1.0');
SELECT * FROM try(make('k_numeric_fixed', 'numeric(8,2)', '12345.5'), '12345.5');
SELECT * FROM try(make('k_float', 'double precision', '0.1'), '0.10');
SELECT * FROM try(make('k_boolean', 'boolean', 'true'), 'yes');
SELECT * FROM try(make('k_date', 'date', '''2024-02-03'''), '2024-02-03', false);
SELECT * FROM try(make('k_timestamp', 'timestamp', '''2024-02-03 04:05:06.789'''), '2024-02-03 04:05:06.7890', false);
SELECT * FROM try(make('k_timestamptz', 'timestamptz', '''2024-02-03 04:05:06+00'''), '2024-02-03 05:05:06+01', false);
SELECT * FROM try(make('k_timetz', 'timetz', '''04:05:06+02'''), '04:05:06+02', false);
SELECT * FROM try(make('k_interval', 'interval', '''-1 day +02:00'''), '-1 day 02:00', false);
SELECT * FROM try(make('k_bytea', 'bytea', '''\x00ff61'''), '\000\377a');
SELECT * FROM try(make('k_inet', 'inet', '''10.0.0.1'''), '10.0.0.1/32');
SELECT * FROM try(make('k_cidr', 'cidr', '''10.0.0.0/8'''), '10/8');
SELECT * FROM try(make('k_macaddr', 'macaddr', '''08:00:2b:01:02:03'''), '08002b:010203');
SELECT * FROM try(make('k_bit', 'bit(3)', 'B''101'''), '101');
SELECT * FROM try(make('k_enum', 'keys.mood', '''so so'''), 'so so');
SELECT * FROM try(make('k_sku', 'keys.sku', '''ABC-7'''), 'ABC-7');
SELECT * FROM try(make('k_natural', 'keys.natural_number', '7'), ' 7');
SELECT * FROM try(make('k_array', 'integer[]', '''{1,2}'''), '{1, 2}');
SELECT * FROM try(make('k_range', 'int4range', '''[1,5]'''), '[1,6)');
SELECT * FROM try(make('k_jsonb', 'jsonb', '''{"b":1, "a":2}'''), '{"a":2,"b":1}');
SELECT * FROM try(make('k_composite', 'keys.pair', '''(1,x)'''), '( 1,x)');

-- several columns, in the order of the key instead of the table
CREATE TABLE line (a integer, dropped text, z text, m timestamptz, PRIMARY KEY (z, m, a));
ALTER TABLE line DROP COLUMN dropped;
INSERT INTO line VALUES (7, 'two words, "quoted"', '2024-02-03 04:05:06+00');
SELECT locking.protect('line');
SELECT key FROM locking.protected_tables WHERE relation = 'line'::regclass;
SELECT * FROM try('line', '{"two words, \"quoted\"", 2024-02-03 05:05:06+01, 07}', false);
CREATE TABLE pos ("Order No" integer, "null" text, PRIMARY KEY ("null", "Order No"));
INSERT INTO pos VALUES (1, 'NULL');
SELECT locking.protect('pos');
SELECT * FROM try('pos', '{"NULL",1}');
SELECT key, ARRAY['NULL', '1']::text AS "array", (SELECT locking.row_key(p) FROM pos p) AS row_key
	FROM locking.locks WHERE relation = 'pos'::regclass;

-- the key is a generated column
CREATE TABLE made (
	a integer, b text,
	id text GENERATED ALWAYS AS (b || '-' || a) STORED PRIMARY KEY);
INSERT INTO made VALUES (1, 'x');
SELECT locking.protect('made');
SELECT * FROM try('made', 'x-1');
SET locking.owner = 'anna';
UPDATE made SET a = 2;
SELECT key FROM locking.locks WHERE relation = 'made'::regclass;
SET locking.owner = 'bert';
UPDATE made SET a = 3;

-- typed arguments, with different settings than when the row was written
SET timezone = 'America/New_York';
SET datestyle = 'SQL, DMY';
SELECT locking.is_locked('k_timestamptz', '2024-02-03 04:05:06+00'::timestamptz) AS timestamptz,
	locking.is_locked('k_timestamptz', '02/02/2024 23:05:06') AS local_text,
	locking.is_locked('k_date', '2024-02-03'::date) AS date,
	locking.is_locked('k_date', '03/02/2024') AS local_date,
	locking.is_locked('k_date', '2024-02-03 00:00'::timestamp) AS timestamp,
	locking.is_locked('k_numeric', 1) AS numeric,
	locking.is_locked('k_boolean', true) AS boolean,
	locking.is_locked('k_enum', 'so so'::mood) AS enum,
	locking.is_locked('k_array', ARRAY[1, 2]) AS "array",
	locking.is_locked('k_bytea', '\x00ff61'::bytea) AS bytea,
	locking.is_locked('k_char', 'a'::char(5)) AS char,
	locking.is_locked('line', ARRAY['two words, "quoted"', '02/02/2024 23:05:06', '7']) AS composite;
RESET timezone;
RESET datestyle;
-- the column's type modifier does not round a key to that of another row
SELECT locking.is_locked('k_numeric_fixed', '12345.501') AS rounded, locking.is_locked('k_varchar', 'a b and more') AS cut;
-- a text that the domain does not allow is not a key
SELECT locking.is_locked('k_sku', 'abc');
SELECT locking.is_locked('k_natural', -1);
SELECT locking.is_locked('k_enum', 'angry');
SELECT make('k_words', 'tsvector', '''so''') AS a_type_that_calls_it_a_syntax_error;
SELECT locking.is_locked('k_words', '''');

-- equal keys with different spellings: the owner's change of spelling moves
-- the lock
SET locking.owner = 'anna';
UPDATE k_numeric SET id = 1.000;
SELECT key, (SELECT locking.row_key(k) FROM k_numeric k) AS row_key FROM locking.locks WHERE relation = 'k_numeric'::regclass;
SELECT locking.is_locked('k_numeric', '1');

-- the writer's settings do not affect the key's text
CREATE TABLE k_regclass (id regclass PRIMARY KEY, v integer);
INSERT INTO k_regclass VALUES ('k_numeric', 1);
SELECT locking.protect('k_regclass');
SELECT locking.acquire('k_regclass', 'k_numeric'::regclass) IS NOT NULL AS acquired;
SET locking.owner = 'bert';
SET quote_all_identifiers = on;
UPDATE k_regclass SET v = 2;
SELECT locking.acquire('k_regclass', 'k_numeric'::regclass);
RESET quote_all_identifiers;

SET client_min_messages = warning;
DROP SCHEMA keys CASCADE;
