-- A queue of tasks for workers, and a column for the nightly job. Run it once
-- as a superuser:
--   sudo -u postgres psql -d recipes <schema.sql
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;

ALTER TABLE article ADD repriced date NOT NULL DEFAULT '2000-01-01';

CREATE TABLE task (
	id integer PRIMARY KEY,
	work text NOT NULL,
	result text
);
INSERT INTO task VALUES (1, 'letter to Ann'), (2, 'letter to Bert');
SELECT locking.protect('task', ttl => '5 min', required => true) \g /dev/null
GRANT SELECT, UPDATE ON task TO app;

-- Takes a task for a worker; returns no row if none is free. Workers that
-- call it at the same moment skip each other's tasks. The task of a worker
-- that stopped is free again when its lease expires.
CREATE FUNCTION take_task(worker text) RETURNS TABLE (id integer, work text, token bigint)
LANGUAGE plpgsql
AS $$
BEGIN
	LOOP
		SELECT t.id, t.work INTO id, work
		FROM task t
		WHERE t.result IS NULL AND NOT locking.is_locked('task', t.id)
		ORDER BY t.id
		FOR UPDATE SKIP LOCKED
		LIMIT 1;
		EXIT WHEN NOT FOUND;
		PERFORM locking.set_owner('job:' || worker);
		-- Another worker may have taken the task since it was found.
		SELECT l.token INTO token FROM locking.try_acquire('task', id, client => worker) l WHERE l.granted;
		IF FOUND THEN
			RETURN NEXT;
			EXIT;
		END IF;
	END LOOP;
END $$;

-- Renews the lease: the heartbeat of work that takes longer than it lasts.
CREATE FUNCTION keep_task(worker text, token bigint, ttl interval DEFAULT NULL) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	PERFORM locking.set_owner('job:' || worker);
	PERFORM locking.renew(token, ttl);
END $$;

-- Stores the result, or raises LK001 if the worker has lost the task.
CREATE FUNCTION finish_task(worker text, id integer, token bigint, result text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	PERFORM locking.set_owner('job:' || worker);
	PERFORM locking.confirm(token);
	UPDATE task t SET result = finish_task.result WHERE t.id = finish_task.id;
	PERFORM locking.release(token);
END $$;

-- In the place of another system that workers write to, such as a file
-- store. It stores the largest token seen, and refuses smaller ones.
CREATE TABLE store (name text PRIMARY KEY, content text, token bigint NOT NULL);
GRANT SELECT, INSERT, UPDATE ON store TO app;

CREATE FUNCTION put(name text, content text, token bigint) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
	INSERT INTO store AS s VALUES (put.name, put.content, put.token)
	ON CONFLICT ON CONSTRAINT store_pkey DO UPDATE SET content = excluded.content, token = excluded.token
		WHERE s.token <= excluded.token;
	RETURN CASE WHEN FOUND THEN 'stored' ELSE 'refused: the token is stale' END;
END $$;

COMMIT;
