-- A page of the newest events, or of those after the cursor.
--
-- The view returns the newest events first, so the page is full after few of
-- them. The inner query has no ORDER BY: with it, the planner would read the
-- whole view, and might sort all events.
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
	SELECT 'events' AS name, 'events' AS "order", 1 AS length, false AS is_back
),
:params,
page AS (
	SELECT
		p.*,
		pg_catalog.row_number() OVER (ORDER BY id DESC) AS n,
		pg_catalog.json_build_array(id) AS edge
	FROM (
		SELECT l.*
		FROM locking.history l
		WHERE coalesce(
			(
				:history_filter
				AND (
					(SELECT "values" IS NULL FROM params)
					OR id < (SELECT "values" ->> 0 FROM params)::bigint
				)
			),
			false)
		LIMIT :page_limit
	) p
),
:history_shown,
:list_reply;
