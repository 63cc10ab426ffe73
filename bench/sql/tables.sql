-- Tables alike but for their triggers. Unlogged: triggers are to be compared, not the disk.
-- :rows, :variants, a list separated by blanks.
CREATE TABLE bench.variant AS
	SELECT name, n FROM string_to_table(:'variants', ' ') WITH ORDINALITY AS v (name, n);
-- With room on the page an UPDATE is HOT and cheap, without it makes index entries.
CREATE TABLE bench.shape (name text, fillfactor int);
INSERT INTO bench.shape VALUES ('hot', 45), ('full', 100);

SELECT format('CREATE UNLOGGED TABLE bench.%s_%s (id int PRIMARY KEY, v int NOT NULL,
			modified timestamptz NOT NULL) WITH (fillfactor = %s)', s.name, v.name, fillfactor),
	format('INSERT INTO bench.%s_%s SELECT g, 0, now() FROM generate_series(1, %s) g', s.name, v.name, :rows),
	format('SELECT bench.add_trigger(''bench.%s_%s'', %L)', s.name, v.name, v.name),
-- Single-row statements, one after the other inside the server.
	format('CREATE FUNCTION bench.singles_%1$s_%2$s(n int) RETURNS double precision LANGUAGE plpgsql AS $f$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	FOR i IN 1..n LOOP
		UPDATE bench.%1$s_%2$s SET v = v + 1 WHERE id = i;
	END LOOP;
	RETURN date_part(''epoch'', clock_timestamp() - start) * 1000;
END $f$', s.name, v.name)
FROM bench.shape s, bench.variant v ORDER BY s.name, n \gexec
VACUUM ANALYZE;
