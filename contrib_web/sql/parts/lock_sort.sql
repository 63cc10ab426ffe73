-- What locks are sorted by, as text: a time has the same order as its digits.
CASE pg_catalog.split_part(:'order'::text, ' ', 1)
	WHEN 'owner' THEN coalesce(owner_name, owner)
	WHEN 'table' THEN relation::text
	WHEN 'ends' THEN pg_catalog.to_char(expires_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS')
	ELSE pg_catalog.to_char(acquired_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS')
END COLLATE "C"
