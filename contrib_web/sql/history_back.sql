-- A page of the events before the cursor.
--
-- The view returns the newest events first. A condition would not end the
-- scan at the cursor, but a LIMIT does: ids are unique, so the number of
-- events before the cursor is at most the difference between the newest id
-- and the cursor's.
--
-- coalesce() hides the conditions from the planner; see locks_down.sql.
-- parameters: table oid, cursor, limit, q, key, owner, actor, event
-- parameters: since, until
-- returns: problem, detail, field, page
\set cursor_values `cat parts/cursor_values.sql`
\set like_patterns `cat parts/like_patterns.sql`
\set params `cat parts/params.sql`
\set history_filter `cat parts/history_filter.sql`
\set page_limit `cat parts/page_limit.sql`
\set history_shown `cat parts/history_shown.sql`
\set cursors `cat parts/cursors.sql`
\set list_reply `cat parts/list_reply.sql`
WITH list AS (
	SELECT 'events' AS name, 'events' AS "order", 1 AS length, true AS is_back
),
:params,
page AS (
	SELECT
		p.*,
		pg_catalog.row_number() OVER (ORDER BY id ASC) AS n,
		pg_catalog.json_build_array(id) AS edge
	FROM (
		SELECT l.*
		FROM (
			SELECT *
			FROM locking.history
			LIMIT (
				SELECT greatest(
					id - greatest((SELECT "values" ->> 0 FROM params)::bigint, 0), 0)
				FROM locking.history
				LIMIT 1
			)
		) l
		WHERE coalesce(
			(
				:history_filter
				AND (
					(SELECT "values" IS NULL FROM params)
					OR id > (SELECT "values" ->> 0 FROM params)::bigint
				)
			),
			false)
		ORDER BY id
		LIMIT :page_limit
	) p
),
:history_shown,
:list_reply;
