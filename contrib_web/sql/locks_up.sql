-- The same in ascending order.
--
-- locks_down.sql explains UNION ALL and coalesce().
-- parameters: table oid, cursor, limit, q, owner, mine, held, order, back
-- returns: problem, detail, field, page
\set cursor_values `cat parts/cursor_values.sql`
\set like_patterns `cat parts/like_patterns.sql`
\set params `cat parts/params.sql`
\set locks_filter `cat parts/locks_filter.sql`
\set lock_sort `cat parts/lock_sort.sql`
\set page_limit `cat parts/page_limit.sql`
\set lock_columns `cat parts/lock_columns.sql`
\set locks_shown `cat parts/locks_shown.sql`
\set cursors `cat parts/cursors.sql`
\set list_reply `cat parts/list_reply.sql`
WITH list AS (
	SELECT
		'locks' AS name,
		'locks ' || :'order'::text AS "order",
		3 AS length,
		:'back'::boolean AS is_back
),
:params,
page AS (
	SELECT
		p.*,
		pg_catalog.row_number() OVER (
			ORDER BY sort ASC, relation::oid ASC, key COLLATE "C" ASC) AS n,
		pg_catalog.json_build_array(sort, relation::oid, key) AS edge
	FROM (
		SELECT l.*
		FROM (
			SELECT *, :lock_sort AS sort
			FROM locking.locks
			WHERE :table::oid IS NULL
			UNION ALL
			SELECT *, :lock_sort
			FROM locking.locks
			WHERE relation::oid = :table::oid
			OFFSET 0
		) l
		WHERE coalesce(
			(
				:locks_filter
				AND (
					(SELECT "values" IS NULL FROM params)
					OR (sort, relation::oid, key COLLATE "C") > (
						(SELECT "values" ->> 0 FROM params),
						(SELECT "values" ->> 1 FROM params)::oid,
						(SELECT "values" ->> 2 FROM params)
					)
				)
			),
			false)
		ORDER BY sort ASC, relation::oid ASC, key COLLATE "C" ASC
		LIMIT :page_limit
	) p
),
:locks_shown,
:list_reply;
