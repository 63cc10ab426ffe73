-- Whether changes of a column of the table rel require a lock. The column is
-- changed (name, key_no, attnum), as in col.
(
	rel.protected
	AND (
		rel.columns IS NULL
		OR changed.name = ANY (rel.columns::text[])
		OR changed.key_no IS NOT NULL
		OR changed.attnum = ANY (row_sql.parent_columns)
	)
)
