-- A lock as the API shows it; l is a row of locking.locks. Only the owner
-- gets the token, as text: it can exceed what JavaScript can count.
(pg_catalog.pg_identify_object(1259, l.relation, 0)).identity AS "table",
l.relation::text AS name,
l.key,
CASE WHEN l.is_mine THEN l.token::text END AS token,
l.owner,
l.owner_name,
l.client,
l.hard,
l.note,
l.acquired_at,
l.renewed_at,
l.expires_at,
l.seconds_left,
l.is_mine,
l.handed_over
