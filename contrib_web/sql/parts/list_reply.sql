-- The page of list as JSON: the items of shown (n, item), in its order, and
-- cursors for the next and the previous page, from page (n, edge). n counts
-- in the direction of paging.
edge AS (
	SELECT
		CASE WHEN list.is_back THEN 'next' ELSE 'prev' END AS direction,
		list."order" AS list,
		page.edge AS "values"
	FROM list, page
	WHERE n = 1
	AND :cursor::text IS NOT NULL
	UNION ALL
	SELECT
		CASE WHEN list.is_back THEN 'prev' ELSE 'next' END,
		list."order",
		page.edge
	FROM list, params, page
	WHERE n = size
	AND EXISTS (SELECT FROM page WHERE n > size)
),
:cursors,
problem AS (
	SELECT 'limit must be from 1 to 1000' AS detail, 'limit' AS field
	FROM params
	WHERE size NOT BETWEEN 1 AND 1000
	UNION ALL
	SELECT 'the cursor is not one of this list', 'after'
	FROM params, list
	WHERE :cursor::text IS NOT NULL
	AND ("values" IS NULL OR pg_catalog.json_array_length("values") <> list.length)
)
SELECT
	CASE WHEN detail IS NOT NULL THEN 'invalid' END AS problem,
	detail,
	field,
	CASE
		WHEN detail IS NULL THEN pg_catalog.json_build_object(
			list.name, (
				SELECT coalesce(
					pg_catalog.json_agg(item ORDER BY CASE WHEN list.is_back THEN -n ELSE n END),
					'[]')
				FROM shown
			),
			'next', (SELECT cursor FROM cursors WHERE direction = 'next'),
			'prev', (SELECT cursor FROM cursors WHERE direction = 'prev'))
	END AS page
FROM list
LEFT JOIN (SELECT * FROM problem LIMIT 1) p ON true
