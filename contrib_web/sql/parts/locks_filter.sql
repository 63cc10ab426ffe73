-- The conditions on a lock l, except that of the cursor.
(:owner::text IS NULL OR l.owner = :owner::text)
AND (
	:held::float8 IS NULL
	OR l.acquired_at
		<= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => :held::float8)
)
AND (l.is_mine OR NOT coalesce(:mine::boolean, false))
AND (
	(SELECT pattern FROM params) IS NULL
	OR pg_catalog.concat_ws(E'\n', l.key, l.owner, l.owner_name, l.note, l.relation::text)
		OPERATOR(pg_catalog.~~*) (SELECT pattern FROM params)
)
