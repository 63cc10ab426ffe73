-- Whether a change of the column of the table rel is guarded: it is a row of
-- changed, with name, key_no and attnum as in col.
(
	rel.protected
	AND (
		rel.columns IS NULL
		OR changed.name = ANY (rel.columns::text[])
		OR changed.key_no IS NOT NULL
		OR changed.attnum = ANY (made.parent_columns)
	)
)
