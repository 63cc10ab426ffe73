-- Times of a table's locks in seconds: until expiration, and until the
-- warning. Without a table that the reader may read, they are the shortest
-- of all tables. shortest_times is evaluated first: it loads the library,
-- which defines the settings. A short lock warns after half of its time.
-- parameters: table
-- returns: expiration, warning
SELECT
	expiration,
	CASE WHEN warning < expiration THEN warning ELSE (expiration + 1) / 2 END AS warning
FROM (
	SELECT
		greatest(1, pg_catalog.floor(
			pg_catalog.date_part('epoch', coalesce(t.ttl, s.ttl))))::integer AS expiration,
		greatest(1, pg_catalog.floor(
			pg_catalog.date_part('epoch', coalesce(t.warning, s.warning))))::integer AS warning
	FROM locking.shortest_times s
	LEFT JOIN LATERAL (
		SELECT
			least(
				coalesce(
					p.ttl,
					pg_catalog.current_setting('locking.time_until_expiration')::interval),
				pg_catalog.current_setting('locking.max_ttl')::interval) AS ttl,
			coalesce(
				p.warning,
				pg_catalog.current_setting('locking.time_until_warning')::interval) AS warning
		FROM locking.protected_tables p
		WHERE p.relation::oid = pg_catalog.to_regclass(:table::text)::oid
	) t ON true
) times;
