-- The conditions on a lock l, except that of the cursor.
(:owner::text IS NULL OR l.owner = :owner::text)
AND (l.is_mine OR NOT coalesce(:mine::boolean, false))
AND (
	(SELECT pattern FROM params) IS NULL
	OR pg_catalog.concat_ws(E'\n', l.key, l.owner, l.owner_name, l.note, l.relation::text)
		OPERATOR(pg_catalog.~~*) (SELECT pattern FROM params)
)
