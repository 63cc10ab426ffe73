-- SQL for state.
-- parameters: table
-- gives: problem, detail, field, row_key, row_label, row_values, parent_key
-- gives: source, matches
-- gives: locks, parent_locks
\set asked `cat parts/asked.sql`
\set rel `cat parts/rel.sql`
\set col `cat parts/col.sql`
\set op `cat parts/op.sql`
\set label `cat parts/label.sql`
\set refers `cat parts/refers.sql`
\set made `cat parts/made.sql`
\set refusal `cat parts/refusal.sql`
WITH :asked,
:rel,
:col,
:made,
:refusal
SELECT
	refusal.problem,
	refusal.detail,
	refusal.field,
	made.row_key,
	made.row_label,
	made.row_values,
	made.parent_key,
	rel.source,
	made.matches,
	made.locks,
	made.parent_locks
FROM rel, made, refusal
\gset
