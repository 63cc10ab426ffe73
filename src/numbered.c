/*
 * numbered.c
 *		Writing rows that have a number from a sequence.
 *
 * As CatalogTupleInsert() and CatalogTupleUpdate() do, except that a number
 * that is taken raises no error, since the sequence may be behind the stored
 * numbers (sequence.c).  The number's index is asked as it is for a deferred
 * constraint: it reports a possible duplicate, and inserts the entry
 * nevertheless.  The caller replaces the row, in the same transaction, by a
 * version with another number.
 */
#include "numbered.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "nodes/execnodes.h"

#include "catalog.h"
#include "compat.h"

static void
write_row(Relation rel, ItemPointer replaced, HeapTuple tuple)
{
	if (replaced == NULL)
		simple_heap_insert(rel, tuple);
	else
		locking_heap_update(rel, replaced, tuple);
}

/* Insert the index entries of a row version.  False: the number is taken. */
static bool
insert_index_entries(Relation rel, HeapTuple tuple, Oid numbers)
{
	CatalogIndexState indexes = CatalogOpenIndexes(rel);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsHeapTuple);
	bool		is_free = true;

	ExecStoreHeapTuple(tuple, slot, false);
	for (int i = 0; i < indexes->ri_NumIndices; i++)
	{
		Relation	index = indexes->ri_IndexRelationDescs[i];
		IndexInfo  *info = indexes->ri_IndexRelationInfo[i];
		bool		is_numbers = RelationGetRelid(index) == numbers;
		IndexUniqueCheck check = is_numbers ? UNIQUE_CHECK_PARTIAL :
		index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO;
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];
		bool		is_unique;

		FormIndexDatum(info, slot, NULL, values, nulls);
		is_unique = locking_index_insert(index, values, nulls, &tuple->t_self, rel, check, info);
		is_free = is_free && (is_unique || !is_numbers);
	}
	ExecDropSingleTupleTableSlot(slot);
	CatalogCloseIndexes(indexes);
	return is_free;
}

/*
 * Write a row version, the first one if "replaced" is NULL.  Returns false if
 * its number, in the named unique index, is taken.
 */
bool
numbered_write(Relation rel, ItemPointer replaced, HeapTuple tuple, const char *index)
{
	write_row(rel, replaced, tuple);
	return HeapTupleIsHeapOnly(tuple) || insert_index_entries(rel, tuple, catalog_relid(index));
}
