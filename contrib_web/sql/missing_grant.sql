-- The statement that lets the service role read the figures; null if it may.
-- returns: grant_statement
SELECT
	CASE
		WHEN NOT pg_catalog.has_table_privilege('locking.stats', 'SELECT')
		OR NOT pg_catalog.has_function_privilege('locking.counters(regclass)', 'EXECUTE')
			THEN pg_catalog.format('GRANT pg_monitor TO %I', current_user)
	END AS grant_statement;
