/*
 * storage.c
 *		A table access method that is not the heap's, for past-guard.pl: a
 *		copy, as an extension with a storage of its own would start.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "fmgr.h"
#include "utils/rel.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(storage_handler);

extern PGDLLEXPORT Datum storage_handler(PG_FUNCTION_ARGS);

/* The heap's function accepts only tables with the heap's own routine. */
static double
build_range_scan(Relation table, Relation index, struct IndexInfo *info, bool allow_sync, bool anyvisible,
				 bool progress, BlockNumber start, BlockNumber blocks, IndexBuildCallback callback,
				 void *state, TableScanDesc scan)
{
	const TableAmRoutine *routine = table->rd_tableam;
	double		tuples;

	table->rd_tableam = GetHeapamTableAmRoutine();
	tuples = table->rd_tableam->index_build_range_scan(table, index, info, allow_sync, anyvisible, progress,
													   start, blocks, callback, state, scan);
	table->rd_tableam = routine;
	return tuples;
}

static struct IndexFetchTableData *
refuse_index_scan(Relation table)
{
	elog(ERROR, "no index scans");
	return NULL;
}

Datum
storage_handler(PG_FUNCTION_ARGS)
{
	static TableAmRoutine routine;

	routine = *GetHeapamTableAmRoutine();
	routine.index_fetch_begin = refuse_index_scan;
	routine.index_build_range_scan = build_range_scan;
	PG_RETURN_POINTER(&routine);
}
