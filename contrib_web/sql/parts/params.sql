-- params: the request's parameters for list (name, order, length, is_back):
-- the values of the cursor, the size of the page, and the pattern to search
-- for. order: the list and its order, in cursors. length is the number of
-- values in a cursor. is_back: the page ends before the cursor.
params AS (
	SELECT
		cursor_values.list AS "values",
		coalesce(:limit::int, 50) AS size,
		pattern.anywhere AS pattern
	FROM (
			SELECT list."order", :cursor::text, nullif(:q::text, '')
			FROM list
		) given(list, cursor, q),
		:cursor_values,
		:like_patterns
)
