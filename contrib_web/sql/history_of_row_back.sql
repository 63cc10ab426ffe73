-- The events of one row of a protected table that come before the cursor: a
-- page. They are found by their index.
--
-- coalesce() hides the conditions from the planner, see locks.sql.
-- parameters: table oid, cursor, limit, q, key, owner, actor, event
-- gives: problem, detail, field, page
\set cursor_values `cat parts/cursor_values.sql`
\set like_patterns `cat parts/like_patterns.sql`
\set want `cat parts/want.sql`
\set history_filter `cat parts/history_filter.sql`
\set records_of_page `cat parts/records_of_page.sql`
\set history_shown `cat parts/history_shown.sql`
\set cursors `cat parts/cursors.sql`
\set list_reply `cat parts/list_reply.sql`
WITH list AS (
	SELECT 'events' AS name, 1 AS length, true AS back
),
:want,
page AS (
	SELECT
		p.*,
		pg_catalog.row_number() OVER (ORDER BY id ASC) AS n,
		pg_catalog.json_build_array(id) AS edge
	FROM (
		SELECT l.*
		FROM locking.history_of(:table::oid::regclass, :key::text) l
		WHERE coalesce(
			(
				:history_filter
				AND (
					(SELECT "values" IS NULL FROM want)
					OR id > (SELECT "values" ->> 0 FROM want)::bigint
				)
			),
			false)
		ORDER BY id
		LIMIT :records_of_page
	) p
),
:history_shown,
:list_reply;
