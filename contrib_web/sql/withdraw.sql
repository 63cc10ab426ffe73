-- Withdraws the caller's request for a row, if the caller may read the table.
-- parameters: table, key
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
		WHEN readable.yes THEN locking.withdraw(requested.oid::regclass, :'key'::text)
	END AS done
FROM requested, :readable;
