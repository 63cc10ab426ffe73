-- Medians of the rounds, their ratios to a reference, and the targets. Reads
-- results from standard input and facts from facts.tsv; writes results.json.
SET client_min_messages = warning;
CREATE SCHEMA report;
CREATE TABLE report.result (workload text, task text, gate text, variant text, round int, value double precision,
	unit text, n int GENERATED ALWAYS AS IDENTITY);
CREATE TABLE report.fact (name text, value text, n int GENERATED ALWAYS AS IDENTITY);
\copy report.result (workload, task, gate, variant, round, value, unit) FROM pstdin
\copy report.fact (name, value) FROM 'facts.tsv'

-- The variant that the others of a workload are compared with.
CREATE TABLE report.reference (workload text, variant text);
INSERT INTO report.reference VALUES ('bulk', 'empty'), ('instructions', 'empty'), ('single', 'empty'), ('live', 'empty'), ('tpcb', 'none'),
	('acquire', 'bare'), ('contention', 'bare'), ('list', 'rows-alone'), ('wal', 'none'), ('wal', 'bare');

-- Ratios are within a round, between values measured one after the other.
CREATE VIEW report.compared AS
SELECT r.*, p.variant AS "to", r.value / nullif(p.value, 0) AS ratio, r.value - p.value AS difference
FROM report.result r
LEFT JOIN LATERAL (
	SELECT p.variant, p.value FROM report.result p JOIN report.reference f USING (workload, variant)
	WHERE p.workload = r.workload AND p.task = r.task AND p.round = r.round
	ORDER BY p.gate = r.gate DESC LIMIT 1) p ON true;

CREATE VIEW report.median AS
SELECT workload, task, gate, variant, unit, count(*) AS rounds, "to",
	percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS median, min(value) AS least, max(value) AS most,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio) AS ratio, min(ratio) AS least_ratio, max(ratio) AS most_ratio,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY difference) AS difference, min(n) AS n,
	min(min(n)) OVER (PARTITION BY workload, task) AS task_n
FROM report.compared GROUP BY workload, task, gate, variant, unit, "to";

-- Ratios of results of the same round, also of different tasks.
CREATE FUNCTION report.rounds(workload text, task text, gate text, variant text) RETURNS SETOF report.compared
LANGUAGE sql STABLE AS $$
	SELECT * FROM report.compared c WHERE (c.workload, c.task, c.gate, c.variant) = ($1, $2, $3, $4)
$$;
CREATE FUNCTION report.ratio(workload text, task text, gate text, variant text, to_task text, to_variant text)
RETURNS double precision LANGUAGE sql STABLE AS $$
	SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a.value / b.value)
	FROM report.rounds(workload, task, gate, variant) a JOIN report.rounds(workload, to_task, gate, to_variant) b USING (round)
$$;

CREATE TABLE report.target (n int GENERATED ALWAYS AS IDENTITY, what text, measured double precision, at_most numeric, at_least numeric);
INSERT INTO report.target (what, measured, at_most, at_least)
SELECT format(what, title), report.ratio(workload, shape, 'on', 'guard', shape, peer), at_most, NULL::numeric
FROM (VALUES ('bulk UPDATE, %s: guard with gate / empty trigger, no locks', 'bulk', 'empty', 1.05),
		('bulk UPDATE, %s: guard with gate / PL/pgSQL trigger', 'bulk', 'plpgsql', 0.40),
		('single-row UPDATE, %s: guard with gate / empty trigger', 'single', 'empty', 1.10)) v (what, workload, peer, at_most),
	(VALUES ('hot', 'HOT'), ('full', 'full pages')) s (shape, title)
UNION ALL
SELECT format('bulk UPDATE, 1,000,000 live locks, %s: guard with gate / empty trigger', o),
	report.ratio('live', '1000000 locks, ' || o, 'on', 'guard', '1000000 locks, ' || o, 'empty'),
	CASE o WHEN 'uuid' THEN 1.20 ELSE 1.10 END, NULL
FROM unnest(ARRAY['key order', 'random order', 'uuid']) o
UNION ALL
SELECT format('guarded bulk UPDATE, %s: 10,000,000 live locks / none', o),
	report.ratio('live', '10000000 locks, ' || o, 'on', 'guard', '0 locks, ' || o, 'guard'), 1.2, NULL
FROM unnest(ARRAY['key order', 'random order']) o
UNION ALL
SELECT '64 clients after one row, durable, waiting / Redis, appendfsync always',
	report.ratio('contention', '64 clients, one row, durable: acquired', '-', 'waiting', '64 clients, one row, durable: acquired', 'redis-always'), NULL, 1
UNION ALL
SELECT 'the same, 99th percentile until acquired',
	report.ratio('contention', '64 clients, one row, durable: until acquired, 99th percentile', '-', 'waiting',
		'64 clients, one row, durable: until acquired, 99th percentile', 'redis-always'), 1, NULL
UNION ALL
SELECT 'TPC-B, 8 clients: protected / unprotected', report.ratio('tpcb', '8 clients', 'on', 'guard', '8 clients', 'none'), NULL, 0.98
UNION ALL
SELECT 'TPC-B, 8 clients: the same by backends'' time for a transaction',
	1 / report.ratio('tpcb', '8 clients: backends'' time', 'on', 'guard', '8 clients: backends'' time', 'none'), NULL, 0.98
UNION ALL
SELECT 'acquire + release, 16 clients, durable / ' || title,
	report.ratio('acquire', 'acquire + release, durable, 16 clients', '-', 'locking', 'acquire + release, durable, 16 clients', peer), NULL, at_least
FROM (VALUES ('bare upsert + delete', 'bare', 0.9), ('Redis, appendfsync always (as near to 1 as can be)', 'redis-always', NULL)) v (title, peer, at_least)
UNION ALL
SELECT 'acquire + release, 16 clients, durable, as installed / bare upsert + delete',
	report.ratio('acquire', 'acquire + release, durable, 16 clients', '-', 'as-installed', 'acquire + release, durable, 16 clients', 'bare'), NULL, 0.75
UNION ALL
SELECT 'instructions for acquire + release',
	(SELECT median FROM report.median m WHERE (m.workload, m.task, m.variant) = ('history', 'instructions of acquire + release', 'locking')), 160000, NULL
UNION ALL
SELECT 'instructions for acquire + release, with history / without',
	report.ratio('history', 'instructions of acquire + release', 'on', 'with history', 'instructions of acquire + release', 'locking'), 1.1, NULL
UNION ALL
SELECT 'ms from a request for a lock to its event at a listener',
	(SELECT median FROM report.median m WHERE (m.workload, m.task, m.variant) = ('events', 'acquire until at a listener', 'notify-on')), 5, NULL
UNION ALL
SELECT 'locking-web, ' || what, (SELECT median FROM report.median m WHERE (m.workload, m.task) = ('web', v.task)), at_most, at_least
FROM (VALUES ('GET of a lock per second', 'GET of a lock', NULL, 8000), ('renewals per second', 'renewals', NULL, 3000),
		('ms for a page of 1,000 rows', 'page of 1,000 rows', 50, NULL),
		('ms until an acquire is on another browser''s screen', 'acquire until in another browser', 300, NULL),
		('ms until an acquire is on all of 5,000 streams', 'acquire until on all of 5000 streams', 1000, NULL),
		('KB for each of 5,000 streams', 'memory of each of 5000 streams', 25, NULL),
		('MB at rest', 'memory at rest', 30, NULL)) v (what, task, at_most, at_least);

CREATE VIEW report.judged AS
SELECT n, what, coalesce('at most ' || at_most, 'at least ' || at_least, '-') AS target, round(measured::numeric, 3) AS measured,
	CASE WHEN measured IS NULL THEN 'not measured' WHEN coalesce(at_most, at_least) IS NULL THEN '-'
		WHEN coalesce(measured <= at_most, measured >= at_least) THEN 'met' ELSE 'missed' END AS result
FROM report.target;

\pset footer off
\pset null ''
SELECT name AS "run on", value AS " " FROM report.fact ORDER BY n;
SELECT workload, task, gate, variant, round(median::numeric, 1) AS median, unit, round(least::numeric, 1) AS least,
	round(most::numeric, 1) AS most, rounds, "to", round(ratio::numeric, 3) AS ratio,
	round(least_ratio::numeric, 3) AS "least ", round(most_ratio::numeric, 3) AS "most ", round(difference::numeric, 1) AS difference
FROM report.median ORDER BY task_n, gate DESC, median, variant;
SELECT what, target, measured, result FROM report.judged ORDER BY n;

\pset format unaligned
\pset tuples_only on
\o results.json
SELECT '{"facts": ' || (SELECT json_object_agg(name, value ORDER BY n) FROM report.fact)
	|| E',\n"results": [\n' || (SELECT string_agg(to_json(r)::text, E',\n' ORDER BY task_n, gate DESC, n) FROM (
		SELECT m.workload, m.task, m.gate, m.variant, m.unit, m.median, m."to", m.ratio, m.least_ratio, m.most_ratio, m.difference,
			(SELECT json_agg(value ORDER BY round) FROM report.result r
				WHERE (r.workload, r.task, r.gate, r.variant, r.unit) = (m.workload, m.task, m.gate, m.variant, m.unit)) AS values,
			m.task_n, m.n
		FROM report.median m) r)
	|| E'],\n"targets": [\n' || (SELECT string_agg(to_json(j)::text, E',\n' ORDER BY n) FROM report.judged j) || ']}';
\o
