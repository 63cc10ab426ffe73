-- Discards drafts of a row in the transaction that saves it: those of the
-- clients that the request names, or else that of the lock's client.
-- parameters: table, key, body
SELECT locking.discard_draft(:'table'::oid::regclass, :'key'::text, c.client)
FROM (
	SELECT pg_catalog.jsonb_array_elements_text(:'body'::jsonb -> 'drafts'::text) AS client
	WHERE pg_catalog.jsonb_typeof(:'body'::jsonb -> 'drafts'::text) = 'array'
	UNION ALL
	SELECT coalesce(l.client, '')
	FROM locking.locks_of(:'table'::oid::regclass, ARRAY[:'key'::text]) l
	WHERE l.is_mine
	AND :'body'::jsonb -> 'drafts'::text IS NULL
) c
WHERE c.client IS NOT NULL;
