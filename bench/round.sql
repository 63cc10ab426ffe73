-- One round: each variant once, in turn.
\set ON_ERROR_STOP on
SELECT format('INSERT INTO bench.result SELECT %L, %L, %s, bench.ms(''UPDATE bench.t_%s_%s SET v = v + 1''), ''ms''',
		s.title, v.name, :round, s.name, v.name),
	format('VACUUM bench.t_%s_%s', s.name, v.name)
FROM bench.shape s, bench.variant v ORDER BY s.name, n \gexec
SELECT format('INSERT INTO bench.result SELECT ''single-row UPDATEs'', %1$L, %2$s, bench.singles(%1$L, %3$s), ''ms''',
		name, :round, :rows / 4),
	format('VACUUM bench.t_full_%s', name)
FROM bench.variant ORDER BY n \gexec
INSERT INTO bench.result
SELECT 'acquire_all of 10,000 rows', 'locking', :round,
	bench.ms('SELECT count(*) FROM locking.acquire_all(''bench.doc'', ARRAY(SELECT g::text FROM generate_series(1, 10000) g))'), 'ms';
SELECT locking.release_all() \g /dev/null
