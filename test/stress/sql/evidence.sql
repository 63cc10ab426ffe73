-- Evidence: tables that operations and triggers write in the transactions
-- that they describe, so that they contain what was committed and no more.
CREATE SCHEMA stress;
GRANT USAGE ON SCHEMA stress TO PUBLIC;

-- Keys of the rows.  The number of a row never changes; its key may.
CREATE TABLE stress.place (tab text, n integer, key text, PRIMARY KEY (tab, key));

-- Writes.  op: I(nsert), U(pdate), D(elete); token: of a confirmed save,
-- otherwise 0; the row was locked before t0, the guard had run before t1.
CREATE TABLE stress.written (tab text, n integer, op text, version integer, body text, previous text,
	owner text, token bigint, xid text, t0 timestamptz, t1 timestamptz, guarded boolean);

-- Leases, as their holders were told of them.
CREATE TABLE stress.lease (tab text, n integer, token bigint, owner text, kind text, hard boolean,
	handed_over boolean, xid text, pid integer, told timestamptz, until timestamptz);

-- What acquirers read in the next statement.
CREATE TABLE stress.granted (tab text, n integer, token bigint, owner text, version integer, body text, told timestamptz);

-- Queues of requests before and after a lock was handed over.
CREATE TABLE stress.handed (token bigint, owner text, next text, told timestamptz, before text[], after text[]);

-- What is_locked() returned.
CREATE TABLE stress.looked (tab text, n integer, key text, locked boolean, t0 timestamptz, t1 timestamptz);

CREATE FUNCTION stress.owner() RETURNS text LANGUAGE sql STABLE AS $$
	SELECT pg_catalog.current_setting('locking.owner')
$$;

-- ---- locks ----

-- Records the lock with a token that the transaction has just acquired, or
-- has renewed or confirmed by "call", so that the lock record cannot change.
-- Returns the token.
--
-- With the snapshot of a REPEATABLE READ transaction, an older version of the
-- record may hide the one that the transaction has written.
CREATE FUNCTION stress.note(t bigint, kind text, call timestamptz DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
BEGIN
	INSERT INTO stress.lease
	SELECT p.tab, p.n, l.token, l.owner, kind, l.hard, l.handed_over, pg_current_xact_id()::text, pg_backend_pid(),
		clock_timestamp(), l.expires_at
	FROM locking.lock l JOIN stress.place p ON p.tab = l.relation::text AND p.key = l.key
	WHERE l.token = t AND (current_setting('transaction_isolation') = 'read committed' OR stress.is_mine(l.xmin));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the snapshot does not show the lock' USING ERRCODE = 'serialization_failure';
	END IF;
	RETURN t;
END $$;

-- Whether a row version is the transaction's, outside of savepoints.
CREATE FUNCTION stress.is_mine(xmin xid) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT xmin::text::bigint = pg_catalog.pg_current_xact_id()::text::bigint % 4294967296
$$;

-- Records the locks that the transaction has handed over.
CREATE FUNCTION stress.note_handed_over() RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER AS $$
	SELECT stress.note(l.token, 'handed over') FROM locking.lock l
	WHERE l.handed_over AND NOT l.lost AND stress.is_mine(l.xmin)
$$;

CREATE FUNCTION stress.queue(r regclass, k text) RETURNS text[] LANGUAGE sql VOLATILE SECURITY DEFINER AS $$
	SELECT coalesce(pg_catalog.array_agg(id || ' ' || owner ORDER BY id), '{}') FROM locking.request_queue WHERE relation = r AND key = k
$$;

-- Hands a lock over to the first requester, and records the queue.
CREATE FUNCTION stress.hand_over(t bigint) RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
DECLARE
	held record;
	before text[];
	chosen text;
BEGIN
	SELECT relation, key, owner INTO held FROM locking.lock WHERE token = t;
	before := stress.queue(held.relation, held.key);
	chosen := locking.hand_over(t);
	IF chosen IS NOT NULL THEN
		INSERT INTO stress.handed VALUES (t, held.owner, chosen, clock_timestamp(), before, stress.queue(held.relation, held.key));
	END IF;
	PERFORM stress.note_handed_over();
	RETURN chosen;
END $$;

CREATE FUNCTION stress.look(t text, k text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	start timestamptz := clock_timestamp();
	found boolean := locking.is_locked(t::regclass, k);
BEGIN
	INSERT INTO stress.looked SELECT t, n, k, found, start, clock_timestamp() FROM stress.place WHERE tab = t AND key = k;
	RETURN found;
END $$;

-- Ids of the operations that wait for a row, from their application_name.
CREATE FUNCTION stress.waiting(place text) RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER AS $$
	SELECT coalesce(pg_catalog.string_agg(pg_catalog.split_part(application_name, ' ', 1), ','), '') FROM pg_catalog.pg_stat_activity
	WHERE application_name LIKE '% ' || place AND wait_event IN ('Extension', 'LockingAcquire') AND pid <> pg_catalog.pg_backend_pid()
$$;

-- The time in microseconds.
CREATE FUNCTION stress.now() RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint
$$;

-- ---- writes ----

-- Fires before the guard.  Writers of a row wait for each other, so versions
-- are in the order of the writes.
CREATE FUNCTION stress.before_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		PERFORM set_config('stress.t0_' || TG_TABLE_NAME || OLD.n, clock_timestamp()::text, true);
		RETURN OLD;
	END IF;
	IF TG_OP = 'UPDATE' THEN
		NEW.version := OLD.version + 1;
	END IF;
	NEW.t0 := clock_timestamp();
	RETURN NEW;
END $$;

CREATE FUNCTION stress.after_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.t1 := clock_timestamp();
	RETURN NEW;
END $$;

CREATE FUNCTION stress.token() RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT coalesce(nullif(pg_catalog.current_setting('stress.token', true), ''), '0')::bigint
$$;

-- Arguments of the trigger: the table's name, which is not that of a
-- partition, and its guarded column, if not all are guarded.
CREATE FUNCTION stress.after_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	xid text := pg_current_xact_id()::text;
	guarded boolean := true;
BEGIN
	IF TG_OP = 'DELETE' THEN
		INSERT INTO stress.written VALUES (TG_ARGV[0], OLD.n, 'D', OLD.version, NULL, OLD.body, stress.owner(), stress.token(), xid,
			current_setting('stress.t0_' || TG_TABLE_NAME || OLD.n)::timestamptz, clock_timestamp(), true);
	ELSIF TG_OP = 'INSERT' THEN
		INSERT INTO stress.written VALUES (TG_ARGV[0], NEW.n, 'I', NEW.version, NEW.body, NULL, stress.owner(), stress.token(), xid,
			NEW.t0, NEW.t1, false);
	ELSE
		IF TG_NARGS = 2 THEN
			guarded := to_jsonb(OLD) -> TG_ARGV[1] <> to_jsonb(NEW) -> TG_ARGV[1];
		END IF;
		INSERT INTO stress.written VALUES (TG_ARGV[0], NEW.n, 'U', NEW.version, NEW.body, OLD.body, stress.owner(), stress.token(), xid,
			NEW.t0, NEW.t1, guarded);
	END IF;
	RETURN NULL;
END $$;

-- Deletes a row and inserts it again, with the child that refers to it.  A
-- snapshot that is older than an ALTER TABLE that rewrote a table shows this
-- table as empty, but the foreign key's action deletes the child.
CREATE FUNCTION stress.replace(t text, number integer, value text) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	found jsonb;
	children jsonb := '[]';
BEGIN
	IF t = 'doc' THEN
		PERFORM FROM doc WHERE n = number FOR UPDATE;
		SELECT coalesce(jsonb_agg(to_jsonb(l)), '[]') INTO children FROM (SELECT * FROM item WHERE n = number FOR UPDATE) l;
		IF children = '[]' THEN
			RAISE EXCEPTION 'the snapshot does not show the child' USING ERRCODE = 'serialization_failure';
		END IF;
	END IF;
	EXECUTE format('DELETE FROM %s t WHERE n = $1 RETURNING to_jsonb(t)', t) INTO found USING number;
	IF found IS NULL THEN
		RETURN NULL;
	END IF;
	PERFORM stress.insert_again(t, found, value);
	PERFORM stress.insert_again('item', child, value) FROM jsonb_array_elements(children) c (child);
	RETURN (found ->> 'version')::integer + 1;
END $$;

CREATE FUNCTION stress.insert_again(t text, deleted jsonb, value text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	EXECUTE format('INSERT INTO %1$s SELECT * FROM jsonb_populate_record(NULL::%1$s, $1)', t)
		USING deleted || jsonb_build_object('version', (deleted ->> 'version')::integer + 1, 'body', value);
END $$;

-- Truncates a table and inserts its rows again.  TRUNCATE fires no row
-- triggers, so its deletions are recorded here.
CREATE FUNCTION stress.refill(t text, value text) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
DECLARE
	start timestamptz;
	found jsonb;
BEGIN
	EXECUTE format('LOCK TABLE %s', t);
	start := clock_timestamp();
	EXECUTE format('SELECT jsonb_agg(to_jsonb(t)) FROM %s t', t) INTO found;
	EXECUTE format('TRUNCATE %s', t);
	INSERT INTO stress.written
	SELECT t, (r ->> 'n')::integer, 'D', (r ->> 'version')::integer, NULL, r ->> 'body', stress.owner(), 0, pg_current_xact_id()::text,
		start, clock_timestamp(), true
	FROM jsonb_array_elements(found) f (r);
	PERFORM stress.insert_again(t, r, value) FROM jsonb_array_elements(found) f (r);
END $$;
