-- The version of the extension; no row if the database does not have it.
SELECT extversion
FROM pg_catalog.pg_extension
WHERE extname = 'locking';
