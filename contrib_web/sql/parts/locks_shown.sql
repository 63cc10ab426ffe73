-- shown: the locks of the page.
shown AS (
	SELECT
		n,
		(SELECT pg_catalog.row_to_json(item.*) FROM (SELECT :lock_columns) item) AS item
	FROM page l, params
	WHERE n <= size
)
