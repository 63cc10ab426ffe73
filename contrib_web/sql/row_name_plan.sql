-- SQL for row_name.
-- parameters: table
-- gives: problem, detail, field, oid, row_key, source, matches
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
	rel.oid,
	made.row_key,
	rel.source,
	made.matches
FROM rel, made, refusal
\gset
