-- cursors: of the rows of edge (way, list, "values"), what a client gets for
-- the values at that edge of the page. It is opaque, base64url of JSON. It
-- contains the name of the list and its order, as it is valid for no other.
cursors AS (
	SELECT
		way,
		pg_catalog.translate(
			pg_catalog.encode(
				pg_catalog.convert_to(
					pg_catalog.json_build_object('order', list, 'values', "values")::text,
					'UTF8'),
				'base64'),
			E'+/=\n', '-_') AS cursor
	FROM edge
)
