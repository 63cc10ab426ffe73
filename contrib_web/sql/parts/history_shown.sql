-- shown: the events of the page. Tokens are shown to the owner of the lock.
shown AS (
	SELECT
		n,
		(
			SELECT pg_catalog.row_to_json(item.*)
			FROM (
				SELECT
					l.id,
					l.at,
					l.event,
					(pg_catalog.pg_identify_object(1259, l.relation, 0)).identity AS "table",
					l.relation::text AS name,
					l.key,
					CASE WHEN l.owner = locking.owner() THEN l.token END AS token,
					l.owner,
					l.actor,
					l.actor_name,
					l.session_role,
					l.client_addr,
					l.reason
			) item
		) AS item
	FROM page l, params
	WHERE n <= size
)
