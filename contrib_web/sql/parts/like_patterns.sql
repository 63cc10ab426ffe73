-- Patterns for LIKE of given.q: it is the beginning, or anywhere.
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
