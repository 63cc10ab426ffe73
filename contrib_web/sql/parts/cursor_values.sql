-- cursor_values.list: the values in the cursor of given (list, cursor), as
-- JSON; NULL if the cursor is invalid, or of another list or another order.
LATERAL (
	SELECT (
		SELECT
			CASE
				WHEN pg_catalog.json_typeof(c) = 'object' THEN
					CASE
						WHEN c ->> 'order'::text = given.list
						AND pg_catalog.json_typeof(c -> 'values'::text) = 'array'
							THEN c -> 'values'::text
					END
			END
		FROM pg_catalog.convert_from(
			pg_catalog.decode(
				pg_catalog.translate(given.cursor, '-_', '+/')
				|| pg_catalog.repeat('=', (4 - pg_catalog.length(given.cursor) % 4) % 4),
				'base64'),
			'UTF8') d,
		LATERAL (SELECT d::json) j(c)
	) AS list
) cursor_values
