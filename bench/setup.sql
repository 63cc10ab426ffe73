-- Tables alike but for their triggers, and what measures them. Unlogged: the
-- triggers are to be compared, not the disk.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION locking;
CREATE SCHEMA bench;

CREATE FUNCTION bench.empty_trigger() RETURNS trigger LANGUAGE c AS 'empty_trigger';

-- The usual way: a table of locks, and a trigger that looks into it.
CREATE TABLE bench.usual_lock (
	relation oid, key text, owner text, expires_at timestamptz, PRIMARY KEY (relation, key));
CREATE FUNCTION bench.usual_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM bench.usual_lock l
		WHERE l.relation = TG_RELID AND l.key = OLD.id::text
			AND l.owner <> current_user AND l.expires_at > clock_timestamp();
	IF FOUND THEN
		RAISE lock_not_available USING MESSAGE = 'row is locked';
	END IF;
	RETURN NEW;
END $$;

CREATE TABLE bench.variant (name text PRIMARY KEY, n int);
INSERT INTO bench.variant VALUES ('none', 1), ('empty', 2), ('guard', 3), ('plpgsql', 4);
-- With room on the page an UPDATE is HOT and cheap, without it makes index entries.
CREATE TABLE bench.shape (name text PRIMARY KEY, fillfactor int, title text);
INSERT INTO bench.shape VALUES ('hot', 45, 'bulk UPDATE, HOT'), ('full', 100, 'bulk UPDATE, full pages');

SELECT format('CREATE UNLOGGED TABLE bench.t_%s_%s (id int PRIMARY KEY, v int NOT NULL) WITH (fillfactor = %s)',
		s.name, v.name, fillfactor),
	format('INSERT INTO bench.t_%s_%s SELECT g, 0 FROM generate_series(1, %s) g', s.name, v.name, :rows),
	CASE v.name
	WHEN 'empty' THEN format('CREATE TRIGGER t BEFORE UPDATE OR DELETE ON bench.t_%s_empty
		FOR EACH ROW EXECUTE FUNCTION bench.empty_trigger()', s.name)
	WHEN 'guard' THEN format('SELECT locking.protect(%L)', 'bench.t_' || s.name || '_guard')
	WHEN 'plpgsql' THEN format('CREATE TRIGGER t BEFORE UPDATE OR DELETE ON bench.t_%s_plpgsql
		FOR EACH ROW EXECUTE FUNCTION bench.usual_trigger()', s.name)
	END
FROM bench.shape s, bench.variant v ORDER BY s.name, n \gexec

-- Milliseconds that a statement takes.
CREATE FUNCTION bench.ms(statement text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE statement;
	RETURN date_part('epoch', clock_timestamp() - start) * 1000;
END $$;

-- Single-row statements, one after the other inside the server.
CREATE FUNCTION bench.singles(variant text, n int) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	CASE variant
	WHEN 'none' THEN FOR i IN 1..n LOOP UPDATE bench.t_full_none SET v = v + 1 WHERE id = i; END LOOP;
	WHEN 'empty' THEN FOR i IN 1..n LOOP UPDATE bench.t_full_empty SET v = v + 1 WHERE id = i; END LOOP;
	WHEN 'guard' THEN FOR i IN 1..n LOOP UPDATE bench.t_full_guard SET v = v + 1 WHERE id = i; END LOOP;
	WHEN 'plpgsql' THEN FOR i IN 1..n LOOP UPDATE bench.t_full_plpgsql SET v = v + 1 WHERE id = i; END LOOP;
	END CASE;
	RETURN date_part('epoch', clock_timestamp() - start) * 1000;
END $$;

CREATE TABLE bench.result (workload text, variant text, round int, value double precision, unit text);

-- Who locks: a table of rows, ours and the barest lease table that there is.
CREATE TABLE bench.doc (id int PRIMARY KEY, body text);
INSERT INTO bench.doc SELECT g, 'text' FROM generate_series(1, 100000) g;
SELECT locking.protect('bench.doc');
CREATE SEQUENCE bench.bare_token;
CREATE TABLE bench.bare_lock (key int PRIMARY KEY, owner text NOT NULL, token bigint NOT NULL,
	expires_at timestamptz NOT NULL);
VACUUM ANALYZE;
CHECKPOINT;
