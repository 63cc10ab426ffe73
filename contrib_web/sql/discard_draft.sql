-- Discards the caller's draft of a row, if the caller may read the table.
-- parameters: table, key
-- gives: problem, detail, field, done
\set asked `cat parts/asked.sql`
\set readable `cat parts/readable.sql`
WITH :asked
SELECT
	CASE WHEN NOT readable.yes THEN 'forbidden' END AS problem,
	CASE
		WHEN NOT readable.yes
			THEN pg_catalog.format('permission denied for table %s', asked.oid::regclass)
	END AS detail,
	NULL AS field,
	CASE
		WHEN readable.yes THEN locking.discard_draft(asked.oid::regclass, :'key'::text)
	END AS done
FROM asked, :readable;
