-- The queue of requests for a row, by the canonical key.
-- parameters: table oid, key
SELECT pg_catalog.json_build_object(
	'requests',
	coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(q.*) ORDER BY q.place), '[]'))
FROM (
	SELECT owner, owner_name, message, requested_at, place, is_mine
	FROM locking.requests r
	WHERE r.relation::oid = :'table'::oid
	AND r.key = :'key'::text
) q;
