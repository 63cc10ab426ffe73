-- The version of the extension; no row if it is not installed.
SELECT extversion
FROM pg_catalog.pg_extension
WHERE extname = 'locking';
