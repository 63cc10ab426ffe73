-- cursors: the cursor for each row of edge (direction, list, "values"), which
-- has the values of the page's first or last row. A cursor is opaque to the
-- client: base64url of JSON. It contains the name and order of its list,
-- since it is valid for no other list.
cursors AS (
	SELECT
		direction,
		pg_catalog.translate(
			pg_catalog.encode(
				pg_catalog.convert_to(
					pg_catalog.json_build_object('order', list, 'values', "values")::text,
					'UTF8'),
				'base64'),
			E'+/=\n', '-_') AS cursor
	FROM edge
)
