-- Discards the drafts of a new row in the transaction that inserts it: those
-- of the clients that the request names.
-- parameters: table, body
SELECT locking.discard_draft_of_new(:'table'::oid::regclass, c.client)
FROM (
	SELECT pg_catalog.jsonb_array_elements_text(:'body'::jsonb -> 'drafts'::text) AS client
	WHERE pg_catalog.jsonb_typeof(:'body'::jsonb -> 'drafts'::text) = 'array'
) c
WHERE c.client IS NOT NULL;
