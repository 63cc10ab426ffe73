-- Sets the session's time zone, '' for the default one.
-- parameters: zone
SELECT pg_catalog.set_config(
	'TimeZone',
	coalesce(
		nullif(:'zone'::text, ''),
		(SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'TimeZone')),
	false);
