-- Tables of "bulk" and "single", unlogged so that the disk has little effect.
-- Variables: rows; variants, separated by blanks. With free space on the page
-- an UPDATE is HOT, without it makes index entries.
CREATE TABLE bench.shape (name text, fillfactor int);
INSERT INTO bench.shape VALUES ('hot', 45), ('full', 100);

SELECT format('CREATE UNLOGGED TABLE bench.%s (id int PRIMARY KEY, v int NOT NULL,
			modified timestamptz NOT NULL) WITH (fillfactor = %s)', name, fillfactor),
	format('INSERT INTO bench.%s SELECT g, 0, now() FROM generate_series(1, %s) g', name, :rows),
	format('SELECT bench.add_triggers(''bench.%s'', VARIADIC string_to_array(%L, '' ''))', name, :'variants'),
-- Single-row statements in a loop inside the server.
	format('CREATE FUNCTION bench.singles_%1$s(n int) RETURNS double precision LANGUAGE plpgsql AS $f$
DECLARE
	start double precision := bench.processor_ms();
BEGIN
	FOR i IN 1..n LOOP
		UPDATE bench.%1$s SET v = v + 1 WHERE id = i;
	END LOOP;
	RETURN bench.processor_ms() - start;
END $f$', name)
FROM bench.shape \gexec
VACUUM ANALYZE;
