-- In every database that is measured: the extension, its peers, and what takes the time.
SET client_min_messages = warning;
CREATE EXTENSION locking;
CREATE EXTENSION moddatetime;
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

-- A table has the triggers of all variants, of which bench.use() leaves one enabled: tables that
-- differ in nothing but their place in memory already differ by more than what is measured.
CREATE FUNCTION bench.add_triggers(target regclass, VARIADIC variants text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	variant text;
	function text;
BEGIN
	FOREACH variant IN ARRAY variants LOOP
		function := CASE variant
			WHEN 'empty' THEN 'bench.empty_trigger()'
			WHEN 'plpgsql' THEN 'bench.usual_trigger()'
			WHEN 'moddatetime' THEN 'moddatetime(modified)' END;
		IF variant = 'guard' THEN
			PERFORM locking.protect(target);
		ELSIF function IS NOT NULL THEN
			EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION %s', variant, target, function);
		END IF;
	END LOOP;
	PERFORM bench.use(target, 'none');
END $$;

CREATE FUNCTION bench.use(target regclass, variant text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', target);
	IF variant <> 'none' THEN
		EXECUTE format('ALTER TABLE %s ENABLE TRIGGER %I', target, CASE variant WHEN 'guard' THEN '~locking_guard' ELSE variant END);
	END IF;
END $$;

-- Milliseconds that this backend was on a processor: what else runs on the machine does not count,
-- nor waiting for the disk.
CREATE FUNCTION bench.processor_ms() RETURNS double precision LANGUAGE sql AS $$
	SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100), ' ', 1)::double precision / 1e6 $$;

CREATE FUNCTION bench.busy_ms(statement text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	start double precision := bench.processor_ms();
BEGIN
	EXECUTE statement;
	RETURN bench.processor_ms() - start;
END $$;

-- Milliseconds that a statement takes by the clock.
CREATE FUNCTION bench.ms(statement text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE statement;
	RETURN date_part('epoch', clock_timestamp() - start) * 1000;
END $$;
