-- Notes that a request is executed in the current transaction; for one that
-- has been executed before, its result. The digest detects an id that is used
-- for two requests.
-- parameters: id, request
-- returns: is_new, result
SELECT is_new, result
FROM locking.once(
	:'id'::text,
	pg_catalog.sha256(pg_catalog.convert_to(:'request'::text, 'UTF8')));
