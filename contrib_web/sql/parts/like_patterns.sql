-- LIKE patterns for text that begins with, or contains, given.q.
LATERAL (
	SELECT
		escaped.q || '%' AS beginning,
		'%' || escaped.q || '%' AS anywhere
	FROM (
		SELECT pg_catalog.replace(
			pg_catalog.replace(pg_catalog.replace(given.q, '\', '\\'), '%', '\%'),
			'_', '\_') AS q
	) escaped
) pattern
