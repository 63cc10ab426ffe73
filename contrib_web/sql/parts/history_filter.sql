-- The conditions on an event l, except that of the cursor.
(:table::oid IS NULL OR l.relation::oid = :table::oid)
AND (:key::text IS NULL OR l.key = :key::text)
AND (:owner::text IS NULL OR l.owner = :owner::text)
AND (:actor::text IS NULL OR l.actor = :actor::text)
AND (:event::text IS NULL OR l.event = :event::text)
AND (:since::timestamptz IS NULL OR l.at >= :since::timestamptz)
AND (:until::timestamptz IS NULL OR l.at < :until::timestamptz)
AND (
	(SELECT pattern FROM params) IS NULL
	OR pg_catalog.concat_ws(E'\n', l.key, l.owner, l.actor, l.actor_name, l.reason)
		OPERATOR(pg_catalog.~~*) (SELECT pattern FROM params)
)
