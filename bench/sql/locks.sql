-- For lock services: a table of rows, and a minimal table of leases.
CREATE TABLE bench.doc (id int PRIMARY KEY, title text);
INSERT INTO bench.doc SELECT g, 'title ' || g FROM generate_series(1, 100000) g;
SELECT locking.protect('bench.doc');
CREATE SEQUENCE bench.bare_token;
CREATE TABLE bench.bare_lock (key int PRIMARY KEY, owner text NOT NULL, token bigint NOT NULL,
	expires_at timestamptz NOT NULL);

-- Each call is a transaction. The first row is the one after "before".
CREATE PROCEDURE bench.locking_pairs(n int, before int = 0) LANGUAGE plpgsql AS $$
DECLARE
	token bigint;
BEGIN
	FOR i IN 1..n LOOP
		token := locking.acquire('bench.doc', before + i);
		COMMIT;
		PERFORM locking.release(token);
		COMMIT;
	END LOOP;
END $$;
CREATE PROCEDURE bench.bare_pairs(n int, before int = 0) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..n LOOP
		INSERT INTO bench.bare_lock AS l
		VALUES (before + i, current_user, nextval('bench.bare_token'), clock_timestamp() + interval '2 minutes')
		ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, token = excluded.token, expires_at = excluded.expires_at
			WHERE l.expires_at < clock_timestamp();
		COMMIT;
		DELETE FROM bench.bare_lock WHERE key = before + i AND owner = current_user;
		COMMIT;
	END LOOP;
END $$;
CREATE PROCEDURE bench.locking_renewals(n int) LANGUAGE plpgsql AS $$
DECLARE
	token bigint := locking.acquire('bench.doc', 1);
BEGIN
	COMMIT;
	FOR i IN 1..n LOOP
		PERFORM locking.renew(token);
		COMMIT;
	END LOOP;
	PERFORM locking.release(token);
END $$;
CREATE PROCEDURE bench.bare_renewals(n int) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO bench.bare_lock VALUES (1, current_user, 1, now());
	COMMIT;
	FOR i IN 1..n LOOP
		UPDATE bench.bare_lock SET expires_at = clock_timestamp() + interval '2 minutes' WHERE key = 1 AND token = 1;
		COMMIT;
	END LOOP;
	DELETE FROM bench.bare_lock;
END $$;

-- For change lists: a role with SELECT only.
CREATE ROLE reader;
GRANT USAGE ON SCHEMA bench TO reader;
GRANT SELECT ON bench.doc, bench.usual_lock TO reader;

-- For the WAL of an UPDATE: small logged tables.
SELECT format('CREATE TABLE bench.wal_%s (id int PRIMARY KEY, v int NOT NULL, modified timestamptz NOT NULL)
			WITH (fillfactor = 45)', v),
	format('INSERT INTO bench.wal_%s SELECT g, 0, now() FROM generate_series(1, 20000) g', v),
	format('SELECT bench.add_triggers(''bench.wal_%1$s'', %1$L), bench.use(''bench.wal_%1$s'', %1$L)', v)
FROM string_to_table('none empty guard plpgsql', ' ') v \gexec
VACUUM ANALYZE;
CHECKPOINT;
