-- SQL for find_row.
-- parameters: table
-- returns: problem, detail, field, oid, identity, row_key, source, matches
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
	rel.oid,
	rel.target AS identity,
	row_sql.row_key,
	rel.source,
	row_sql.matches
FROM rel, row_sql, refusal
\gset
