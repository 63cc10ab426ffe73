-- Setup of every measured database: the extension, its peers, and timing
-- functions.
SET client_min_messages = warning;
CREATE EXTENSION locking;
CREATE EXTENSION moddatetime;
CREATE SCHEMA bench;

CREATE FUNCTION bench.empty_trigger() RETURNS trigger LANGUAGE c AS 'empty_trigger';

-- The usual solution: a table of locks and a PL/pgSQL trigger that reads it.
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

-- A table has the triggers of all variants, of which bench.use() enables one.
-- Separate tables would differ by more than the effect, from their place in
-- memory alone.
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

-- Processor time of this backend in milliseconds, which excludes other
-- processes and waits for the disk.
CREATE FUNCTION bench.processor_ms() RETURNS double precision LANGUAGE sql AS $$
	SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100), ' ', 1)::double precision / 1e6 $$;

CREATE FUNCTION bench.busy_ms(statement text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	start double precision := bench.processor_ms();
BEGIN
	EXECUTE statement;
	RETURN bench.processor_ms() - start;
END $$;

-- Elapsed time of a statement in milliseconds.
CREATE FUNCTION bench.ms(statement text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE statement;
	RETURN date_part('epoch', clock_timestamp() - start) * 1000;
END $$;
