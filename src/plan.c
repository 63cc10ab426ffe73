/*
 * plan.c
 *		Saved plans of queries on target rows and parent rows.
 *
 * They are stored in the cached entry of the table (table.c) and freed with
 * it.
 */
#include "plan.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "relation.h"
#include "role.h"
#include "sql.h"

/* Prepare a query and save its plan. */
static SPIPlanPtr
keep_plan(const char *query, int nargs, Oid *types)
{
	SPIPlanPtr	plan;

	SPI_connect();
	plan = SPI_prepare(query, nargs, types);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\"", query);
	SPI_keepplan(plan);
	SPI_finish();
	return plan;
}

/* The same for a query that runs with the rights of the owner of "relid". */
static SPIPlanPtr
keep_plan_as_table_owner(Oid relid, const char *query, int nargs, Oid *types)
{
	RoleSwitch	saved;
	SPIPlanPtr	plan;

	enter_role_as_foreign_key(&saved, relation_owner(relid));
	plan = keep_plan(query, nargs, types);
	leave_role(&saved);
	return plan;
}

/*
 * The plan of a query on the row with a given key.  If the row guards rows of
 * other tables, it is locked in a mode that conflicts with the FOR KEY SHARE
 * of a child's guard (rule 7).
 */
SPIPlanPtr
table_plan(TableInfo *info, TargetQuery which, bool with_xmin)
{
	Key		   *key = info->key;
	SPIPlanPtr *plan = &info->plans[which][with_xmin];
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData query;

	if (*plan)
		return *plan;

	initStringInfo(&query);
	append_key_select(&query, key, info->root, with_xmin);
	append_key_conditions(&query, key, types);
	if (which != TARGET_SEE)
		appendStringInfoString(&query, info->has_children ? " FOR UPDATE" : " FOR NO KEY UPDATE");
	if (which == TARGET_TRY)
		appendStringInfoString(&query, " SKIP LOCKED");
	/* target.c:target_xmin(), target_lock_as_owner() */
	if ((which == TARGET_SEE && with_xmin) || which == TARGET_LOCK_AS_OWNER)
		*plan = keep_plan_as_table_owner(info->root, query.data,
										 key->ncolumns, types);
	else
		*plan = keep_plan(query.data, key->ncolumns, types);
	return *plan;
}

/*
 * The plan of a query that reads the parent row's key and, unless "which"
 * is TARGET_SEE, locks the row against acquirers (rule 7).  Parameters are in
 * the order of the foreign key's columns.  It runs with the rights of the
 * parent table's owner.
 */
SPIPlanPtr
parent_plan(TableInfo *info, TableInfo *parent, TargetQuery which)
{
	SPIPlanPtr *plan = &info->parent->plans[which];
	ForeignKey *fk = &info->parent->key;
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData query;

	if (*plan)
		return *plan;

	initStringInfo(&query);
	append_key_select(&query, parent->key, fk->target, false);
	for (int i = 0; i < fk->n; i++)
	{
		char	   *column = get_attname(fk->target, fk->refcolumns[i], false);

		types[i] = get_atttype(info->relid, info->parent->attnums[i]);
		append_condition(&query, i + 1, fk->operators[i],
						 psprintf("x.%s", quote_identifier(column)), get_atttype(fk->target, fk->refcolumns[i]),
						 psprintf("$%d", i + 1), types[i]);
	}
	if (which != TARGET_SEE)
		appendStringInfoString(&query, " FOR KEY SHARE");
	if (which == TARGET_TRY)
		appendStringInfoString(&query, " SKIP LOCKED");
	*plan = keep_plan_as_table_owner(parent->root, query.data, fk->n, types);
	return *plan;
}

/*
 * Conditions on the rows that reference one parent row.  "types" receives the
 * types of the parameters, the referenced values.
 */
void
append_child_conditions(StringInfo query, const TableInfo *child, Oid *types)
{
	const ForeignKey *fk = &child->parent->key;

	for (int i = 0; i < fk->n; i++)
	{
		Oid			type = get_atttype(child->relid, child->parent->attnums[i]);
		char	   *column = get_attname(child->relid, child->parent->attnums[i], false);

		types[i] = get_atttype(fk->target, fk->refcolumns[i]);
		append_condition(query, i + 1, fk->operators[i], psprintf("$%d", i + 1), types[i],
						 psprintf("x.%s", quote_identifier(column)), type);
	}
}

/*
 * The plan of a query that reads which versions of a child table's rows
 * reference one parent row: two arrays, of their tables and places.  It runs
 * with the rights of the child table's owner.
 */
SPIPlanPtr
child_versions_plan(TableInfo *child)
{
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData query;

	if (child->parent->versions_plan)
		return child->parent->versions_plan;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT pg_catalog.array_agg(x.tableoid ORDER BY x.tableoid, x.ctid),"
						   " pg_catalog.array_agg(x.ctid ORDER BY x.tableoid, x.ctid) FROM");
	append_table(&query, child->relid);
	append_child_conditions(&query, child, types);
	child->parent->versions_plan = keep_plan_as_table_owner(child->root, query.data,
															child->parent->key.n, types);
	return child->parent->versions_plan;
}
