-- Discards the draft of a client, or without a client all of the caller's
-- drafts of new rows, if the caller may read the table.
-- parameters: table, client
-- returns: problem, detail, field, done
\set requested `cat parts/requested.sql`
\set readable `cat parts/readable.sql`
WITH :requested
SELECT
	CASE WHEN NOT readable.yes THEN 'forbidden' END AS problem,
	CASE
		WHEN NOT readable.yes
			THEN pg_catalog.format('permission denied for table %s', requested.oid::regclass)
	END AS detail,
	NULL AS field,
	CASE
		WHEN readable.yes
			THEN locking.discard_draft_of_new(requested.oid::regclass, :client::text)
	END AS done
FROM requested, :readable;
