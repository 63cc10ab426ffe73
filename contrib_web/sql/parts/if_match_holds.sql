-- Whether the row t has a version of the list if_match (RFC 9110, If-Match).
-- A row that another transaction was writing is compared as that left it.
(
	:if_match::text IS NULL
	OR :if_match::text = '*'
	OR EXISTS (
		SELECT
		FROM (SELECT :row_values AS "values") r
		WHERE pg_catalog.strpos(:if_match::text, '"' || :row_version || '"') > 0
	)
)
