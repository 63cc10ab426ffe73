--
-- acquire_all(): every form of an array of keys, and how it resolves
--
CREATE SCHEMA key_arrays;
SET search_path = key_arrays;
CREATE DOMAIN article_id AS integer;
CREATE DOMAIN ids AS integer[];
CREATE DOMAIN names AS text[];
CREATE DOMAIN word AS text;
CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article SELECT n, 'title ' || n FROM generate_series(1, 5) n;
CREATE TABLE named (name varchar(20) PRIMARY KEY);
INSERT INTO named VALUES ('a'), ('b,c'), ('{d}');
CREATE TABLE by_uuid (id uuid PRIMARY KEY);
INSERT INTO by_uuid VALUES ('11111111-1111-1111-1111-111111111111'), ('22222222-2222-2222-2222-222222222222');
CREATE TABLE line (n integer, doc text, body text, PRIMARY KEY (doc, n));
INSERT INTO line VALUES (1, 'A 7'), (2, 'A 7'), (1, 'B');
CREATE TABLE tagged (tags integer[] PRIMARY KEY);
INSERT INTO tagged VALUES ('{1,2}'), ('{3}');
SELECT locking.protect(t) FROM unnest('{article,named,by_uuid,line,tagged}'::regclass[]) t;

-- one column
CREATE FUNCTION keys_of(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE 'SELECT string_agg(key, '' '') FROM locking.acquire_all(' || call || ')' INTO result;
	PERFORM locking.release_all();
	RETURN result;
END $$;
SELECT call, keys_of(call) FROM (VALUES
	($$'article', ARRAY[3, 2, 3]$$),
	($$'article', ARRAY[3, 2]::bigint[]$$),
	($$'article', ARRAY[3, 2]::smallint[]$$),
	($$'article', ARRAY[3, 2]::numeric[]$$),
	($$'article', ARRAY[3, 2]::article_id[]$$),
	($$'article', ARRAY[3, 2]::ids$$),
	($$'article', (SELECT array_agg(id) FROM article WHERE id > 3)$$),
	($$'article', ARRAY(SELECT id FROM article WHERE id > 3)$$),
	($$'article', ARRAY['3', ' 2']$$),
	($$'article', '{3,2}'$$),
	($$'article', '{"3",2}'::text$$),
	($$'article', '[5:6]={3,2}'$$),
	($$'article', ARRAY['3', '2']::names$$),
	($$'article', ARRAY['3', '2']::word[]$$),
	($$'article', ARRAY['3', '2']::varchar[]$$),
	($$'article', ARRAY['3', '2']::name[]$$),
	($$'article', ARRAY['3', '2']::char(2)[]$$),
	($$'article'::regclass, '{3,2}'$$),
	($$keys => ARRAY[3, 2], relation => 'article', ttl => '5 min'$$),
	($$keys => '{3,2}', relation => 'article', ttl => '5 min'$$),
	($$'named', ARRAY['b,c', '{d}']$$),
	($$'named', '{"b,c",a}'$$),
	($$'by_uuid', (SELECT array_agg(id) FROM by_uuid)$$),
	($$'by_uuid', '{11111111-1111-1111-1111-111111111111}'$$),
	($$'tagged', ARRAY['{3}', '{1, 2}']$$)) v(call);

-- parameters, without and with a type
PREPARE untyped AS SELECT key FROM locking.acquire_all($1, $2);
EXECUTE untyped('article', '{1,2}');
PREPARE typed(regclass, bigint[]) AS SELECT key FROM locking.acquire_all($1, $2);
EXECUTE typed('article', ARRAY[1, 2]);
SELECT locking.release_all();

-- several columns: texts of keys, lines of a two-dimensional array, and rows
SELECT call, keys_of(call) FROM (VALUES
	($$'line', ARRAY['{"A 7",1}', '{B,1}']$$),
	($$'line', (SELECT array_agg(locking.row_key(l)) FROM line l)$$),
	($$'line', ARRAY[['A 7', '2'], ['B', '1']]$$),
	($$'line', '{{A 7,2},{B,1}}'$$),
	($$'line', ARRAY[['A 7', '2'], ['B', '1']]::varchar[]$$),
	($$'line', ARRAY[('A 7', 2), ('B', 1)]$$),
	($$'line', (SELECT array_agg((doc, n)) FROM line)$$),
	($$'line', (SELECT array_agg(k) FROM (SELECT doc, n FROM line WHERE n = 1) k)$$)) v(call);

-- nothing to lock
SELECT call, keys_of(call) IS NULL AS nothing FROM (VALUES
	($$'article', '{}'$$), ($$'article', ARRAY[]::integer[]$$), ($$'line', ARRAY[]::text[]$$),
	($$'line', '{}'::record[]$$)) v(call);

-- errors
\set VERBOSITY default
SELECT * FROM locking.acquire_all('article', NULL);
SELECT * FROM locking.acquire_all('article', NULL::integer[]);
SELECT * FROM locking.acquire_all('article', ARRAY[1, NULL]);
SELECT * FROM locking.acquire_all('line', ARRAY['{B,1}', NULL]);
SELECT * FROM locking.acquire_all('line', ARRAY[['B', NULL]]);
SELECT * FROM locking.acquire_all('line', ARRAY[('B', 1), ('B', NULL)]);
SELECT * FROM locking.acquire_all('article', ARRAY[[1, 2], [3, 4]]);
SELECT * FROM locking.acquire_all('article', ARRAY[(1, 2)]);
SELECT * FROM locking.acquire_all('article', ARRAY[1.5]);
SELECT * FROM locking.acquire_all('article', '1');
SELECT * FROM locking.acquire_all('line', ARRAY['A 7', '1']);
SELECT * FROM locking.acquire_all('line', ARRAY[['A 7', '1', 'x']]);
SELECT * FROM locking.acquire_all('line', ARRAY[[['A 7', '1']]]);
SELECT * FROM locking.acquire_all('line', (SELECT array_agg(l) FROM line l));
SELECT * FROM locking.acquire_all('line', ARRAY[('A 7', 'one')]);
-- a bad key: the message names the table also in the error's fields
CREATE FUNCTION table_of_error(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	schema_name text;
	table_name text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN invalid_parameter_value THEN
	GET STACKED DIAGNOSTICS schema_name = SCHEMA_NAME, table_name = TABLE_NAME;
	RETURN schema_name || '.' || table_name;
END $$;
SELECT statement, table_of_error(statement) FROM (VALUES
	($$SELECT locking.acquire('article', 'one')$$),
	($$SELECT locking.acquire('article', NULL)$$),
	($$SELECT locking.acquire('line', 'B')$$),
	($$SELECT locking.acquire('line', ARRAY['B'])$$),
	($$SELECT locking.acquire_all('article', ARRAY[1, NULL])$$),
	($$SELECT locking.acquire_all('article', '1')$$),
	($$SELECT locking.acquire_all('article', '{{1}')$$),
	($$SELECT locking.acquire_all('article', NULL)$$),
	($$SELECT locking.acquire_all('line', ARRAY[('A 7', NULL)])$$),
	($$SELECT locking.acquire_all('article', ARRAY[[1]])$$),
	($$SELECT locking.acquire_all('line', ARRAY[['B']])$$),
	($$SELECT locking.acquire_all('line', ARRAY[ROW('B')])$$)) v(statement);
SELECT count(*) FROM locking.locks;

-- values of the columns' own types do not depend on settings that texts obey
CREATE TABLE sample (at double precision, day date, PRIMARY KEY (at, day));
INSERT INTO sample VALUES (0.1::float8 + 0.2::float8, '2026-02-01');
SELECT locking.protect('sample');
SET extra_float_digits = 0;
SET datestyle = 'SQL, DMY';
SELECT key FROM locking.acquire_all('sample', (SELECT array_agg((at, day)) FROM sample));
SELECT key FROM locking.acquire_all('sample', (SELECT array_agg(s) FROM sample s));
RESET datestyle;
RESET extra_float_digits;
CREATE TABLE pair (a double precision, b double precision, PRIMARY KEY (a, b));
INSERT INTO pair VALUES (0.1::float8 + 0.2::float8, 1);
SELECT locking.protect('pair');
SET extra_float_digits = 0;
SELECT locking.acquire('pair', (SELECT ARRAY[a, b] FROM pair)) > 0 AS acquired;
RESET extra_float_digits;

SET client_min_messages = warning;
DROP SCHEMA key_arrays CASCADE;
