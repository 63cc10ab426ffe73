/*
 * referential.c
 *		Whether a write is a referential action of a foreign key.
 *
 * The stack of running statements shows it (statement.c), except for
 * statements that began before the library was loaded.  Until the transaction
 * ends, a write of such a statement counts as a referential action only if it
 * fires at the depth of an action of a top-level statement, and if it does
 * what the action does and no more: the row that its row references is gone,
 * and other columns keep their values.
 */
#include "referential.h"

#include "access/htup_details.h"
#include "catalog/pg_constraint.h"
#include "nodes/bitmapset.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "query.h"
#include "sql.h"
#include "statement.h"
#include "tuple.h"

/*
 * Does the old row reference a missing row by that key?  The lookup runs like
 * the foreign key's own check.
 */
static bool
references_missing_row(Relation rel, HeapTuple old, const ForeignKeyCacheInfo *fk)
{
	Datum		values[INDEX_MAX_KEYS];
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT FROM");
	append_table(&query, fk->confrelid);
	for (int i = 0; i < fk->nkeys; i++)
	{
		char	   *column = get_attname(fk->confrelid, fk->confkey[i], false);
		bool		isnull;

		values[i] = tuple_value(rel, old, fk->conkey[i], false, &isnull);
		if (isnull)
			return false;
		types[i] = TupleDescAttr(RelationGetDescr(rel), fk->conkey[i] - 1)->atttypid;
		append_condition(&query, i + 1, fk->conpfeqop[i],
						 psprintf("x.%s", quote_identifier(column)),
						 get_atttype(fk->confrelid, fk->confkey[i]),
						 psprintf("$%d", i + 1), types[i]);
	}
	return !find_row(fk->confrelid, query.data, fk->nkeys, types, values, 0, NULL);
}

/*
 * Does the write, of a row whose referenced row is missing, do no more than
 * the action of that key?
 */
static bool
could_be_action_of(const ForeignKeyCacheInfo *fk, Relation rel, HeapTuple old, HeapTuple new)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(fk->conoid));
	Bitmapset  *referring = NULL;
	bool		cascades;

	if (!HeapTupleIsValid(tuple))
		return false;
	cascades = ((Form_pg_constraint) GETSTRUCT(tuple))->confdeltype == FKCONSTR_ACTION_CASCADE;
	ReleaseSysCache(tuple);
	if (new == NULL)
		return cascades;
	for (int i = 0; i < fk->nkeys; i++)
		referring = bms_add_member(referring, fk->conkey[i]);
	for (int i = 1; i <= RelationGetNumberOfAttributes(rel); i++)
		if (!TupleDescAttr(RelationGetDescr(rel), i - 1)->attisdropped &&
			!bms_is_member(i, referring) && column_differs(rel, i, old, new))
			return false;
	return true;
}

/*
 * Recognize by its effect an action of a statement that began before the
 * library was loaded.
 */
static bool
looks_like_action(Relation rel, HeapTuple old, HeapTuple new)
{
	ListCell   *cell;

	if (trigger_depth() != 2)
		return false;
	foreach(cell, RelationGetFKeyList(rel))
	{
		if (could_be_action_of(lfirst(cell), rel, old, new) && references_missing_row(rel, old, lfirst(cell)))
			return true;
	}
	return false;
}

/*
 * Is the running statement, which updates or deletes the row "old" of "rel",
 * a referential action that a statement of the session caused?
 */
bool
in_referential_action(Relation rel, HeapTuple old, HeapTuple new)
{
	switch (running_action())
	{
		case ACTION_NONE:
			return false;
		case ACTION_OWN:
			return true;
		case ACTION_UNKNOWN:
			break;
	}
	return old && looks_like_action(rel, old, new);
}
