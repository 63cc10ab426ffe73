-- The tables under load: three or four rows each ("crowd": 60), with the same
-- columns besides their keys.  "note" is not guarded where only "body" is.
CREATE FUNCTION stress.watch(t text, VARIADIC arguments text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER a_stress BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION stress.before_guard()', t);
	EXECUTE format('CREATE TRIGGER "~~stress" BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION stress.after_guard()', t);
	EXECUTE format('CREATE TRIGGER a_written AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION stress.after_write(%s)',
		t, (SELECT string_agg(quote_literal(a), ', ') FROM unnest(arguments) a));
	EXECUTE format('CREATE INDEX ON %s (n)', t);
	EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO stress_app', t);
	EXECUTE format('INSERT INTO stress.place SELECT %L, n, locking.row_key(t) FROM %s t', t, t);
END $$;

CREATE ROLE stress_app LOGIN;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA locking TO stress_app;
GRANT INSERT ON stress.granted, stress.looked TO stress_app;
GRANT SELECT ON stress.place, stress.granted TO stress_app;

CREATE TABLE common (n integer NOT NULL, version integer NOT NULL DEFAULT 0, body text NOT NULL DEFAULT '', note text,
	t0 timestamptz, t1 timestamptz);

-- integer
CREATE TABLE plain (LIKE common INCLUDING DEFAULTS, id integer PRIMARY KEY);
INSERT INTO plain (n, id) SELECT g, g FROM generate_series(1, 3) g;

-- text, one guarded column
CREATE TABLE words (LIKE common INCLUDING DEFAULTS, word text PRIMARY KEY);
INSERT INTO words (n, word) VALUES (1, 'Wörter'), (2, 'two words'), (3, '{"3"}');

-- composite
CREATE TABLE pair (LIKE common INCLUDING DEFAULTS, a integer, b text, PRIMARY KEY (a, b));
INSERT INTO pair (n, a, b) VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'x, y');

-- uuid; a lock is required
CREATE TABLE ident (LIKE common INCLUDING DEFAULTS, id uuid PRIMARY KEY);
INSERT INTO ident (n, id) SELECT g, md5(g::text)::uuid FROM generate_series(1, 3) g;

-- partitions; rows move
CREATE TABLE region (LIKE common INCLUDING DEFAULTS, part integer, id integer, PRIMARY KEY (part, id)) PARTITION BY LIST (part);
CREATE TABLE region1 PARTITION OF region FOR VALUES IN (1);
CREATE TABLE region2 PARTITION OF region FOR VALUES IN (2);
INSERT INTO region (n, part, id) SELECT g, 1 + g % 2, g FROM generate_series(1, 3) g;

-- parent and children; keys change
CREATE TABLE doc (LIKE common INCLUDING DEFAULTS, id integer PRIMARY KEY);
INSERT INTO doc (n, id) SELECT g, g FROM generate_series(1, 3) g;
CREATE TABLE item (LIKE common INCLUDING DEFAULTS, id integer PRIMARY KEY,
	doc integer NOT NULL CONSTRAINT of_doc REFERENCES doc ON DELETE CASCADE ON UPDATE CASCADE);
CREATE INDEX ON item (doc);
INSERT INTO item (n, id, doc) SELECT g, g, g FROM generate_series(1, 3) g;

-- soft locks
CREATE TABLE loose (LIKE common INCLUDING DEFAULTS, id integer PRIMARY KEY);
INSERT INTO loose (n, id) SELECT g, g FROM generate_series(1, 3) g;

-- many rows
CREATE TABLE crowd (LIKE common INCLUDING DEFAULTS, id integer PRIMARY KEY);
INSERT INTO crowd (n, id) SELECT g, g FROM generate_series(1, 60) g;

-- row security: stress_app does not see all rows
CREATE TABLE veiled (LIKE common INCLUDING DEFAULTS, id integer PRIMARY KEY);
INSERT INTO veiled (n, id) SELECT g, g FROM generate_series(1, 4) g;
ALTER TABLE veiled ENABLE ROW LEVEL SECURITY;
CREATE POLICY three ON veiled USING (id <= 3);

SELECT stress.watch('plain', 'plain'), stress.watch('words', 'words', 'body'), stress.watch('pair', 'pair'), stress.watch('ident', 'ident'),
	stress.watch('region', 'region'), stress.watch('doc', 'doc'), stress.watch('item', 'item'), stress.watch('loose', 'loose'),
	stress.watch('veiled', 'veiled'), stress.watch('crowd', 'crowd');
-- the other key of each row that moves
INSERT INTO stress.place SELECT 'region', s.n, locking.row_key(r) FROM (SELECT n, 3 - part AS part, id FROM region) s,
	LATERAL jsonb_populate_record(NULL::region, to_jsonb(s)) r;
INSERT INTO stress.place SELECT 'doc', n, (1000 + id)::text FROM doc;

-- locked after the load, for a last event
CREATE TABLE last (id integer PRIMARY KEY);
INSERT INTO last VALUES (1);
SELECT locking.protect('last');

CREATE FUNCTION stress.protect(t text) RETURNS void LANGUAGE sql AS $$
	SELECT locking.protect(t::regclass, ttl => '100 ms', hard => t <> 'loose', required => t = 'ident',
		columns => CASE WHEN t = 'words' THEN '{body}'::name[] END, parent => CASE WHEN t = 'item' THEN 'of_doc' END)
$$;
SELECT stress.protect(tab) FROM (VALUES ('plain'), ('words'), ('pair'), ('ident'), ('region'), ('doc'), ('item'), ('loose'), ('veiled'), ('crowd')) t (tab);
