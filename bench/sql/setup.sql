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

-- Puts a variant's trigger on a table; "none" has none.
CREATE FUNCTION bench.add_trigger(target regclass, variant text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CASE variant
	WHEN 'none' THEN
		NULL;
	WHEN 'guard' THEN
		PERFORM locking.protect(target);
	WHEN 'empty' THEN
		EXECUTE format('CREATE TRIGGER t BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION bench.empty_trigger()', target);
	WHEN 'plpgsql' THEN
		EXECUTE format('CREATE TRIGGER t BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION bench.usual_trigger()', target);
	WHEN 'moddatetime' THEN
		EXECUTE format('CREATE TRIGGER t BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION moddatetime(modified)', target);
	END CASE;
END $$;

-- Milliseconds that a statement takes.
CREATE FUNCTION bench.ms(statement text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE statement;
	RETURN date_part('epoch', clock_timestamp() - start) * 1000;
END $$;
