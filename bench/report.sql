-- Medians, and their ratios to the first of each workload ("to"): above 1 is slower
-- for times, faster for rates.
WITH median AS (
	SELECT workload, variant, unit, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS value,
		min(value) AS least, max(value) AS most
	FROM bench.result GROUP BY workload, variant, unit
)
SELECT m.workload, m.variant, round(m.value::numeric, 1) AS median, m.unit,
	round(m.least::numeric, 1) AS least, round(m.most::numeric, 1) AS most,
	b.variant AS "to", round((m.value / b.value)::numeric, 2) AS ratio
FROM median m LEFT JOIN median b ON b.workload = m.workload
	AND b.variant IN ('empty', 'bare upsert + delete')
ORDER BY m.workload, m.unit, m.value;
