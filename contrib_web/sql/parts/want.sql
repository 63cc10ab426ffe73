-- want: what the request asks of list (name, length, back): the values of its
-- cursor, the size of the page, and the pattern of its search. back: the page
-- comes before the cursor.
want AS (
	SELECT
		cursor_values.list AS "values",
		coalesce(:limit::int, 50) AS size,
		pattern.anywhere AS pattern
	FROM (SELECT list.name, :cursor::text, nullif(:q::text, '') FROM list) given(list, cursor, q),
		:cursor_values,
		:like_patterns
)
