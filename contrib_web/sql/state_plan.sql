-- SQL for state.
-- parameters: table
-- returns: problem, detail, field, row_key, row_label, row_values, parent_key
-- returns: source, matches
-- returns: locks, parent_locks
\set requested `cat parts/requested.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set op `cat parts/op.sql`
\set label `cat parts/label.sql`
\set fk_join `cat parts/fk_join.sql`
\set row_sql `cat parts/row_sql.sql`
\set refusal `cat parts/refusal.sql`
WITH :requested,
:rel,
:col,
:row_sql,
:refusal
SELECT
	refusal.problem,
	refusal.detail,
	refusal.field,
	row_sql.row_key,
	row_sql.row_label,
	row_sql.row_values,
	row_sql.parent_key,
	rel.source,
	row_sql.matches,
	row_sql.locks,
	row_sql.parent_locks
FROM rel, row_sql, refusal
\gset
