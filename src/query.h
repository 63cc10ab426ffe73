/*
 * query.h
 *		Queries that run through SPI, as the current role or as a table's
 *		owner.
 */
#ifndef LOCKING_QUERY_H
#define LOCKING_QUERY_H

#include "postgres.h"

#include "executor/spi.h"

#pragma GCC visibility push(hidden)

/* Reads the first row of a result, in the caller's memory context. */
typedef void (*RowReader) (void *arg, HeapTuple row, TupleDesc desc);

typedef struct SPIQuery
{
	SPIPlanPtr	plan;			/* saved; NULL: prepare "sql" */
	const char *sql;
	int			nargs;			/* of "sql", like the types */
	const Oid  *types;
	const Datum *values;
	const bool *nulls;			/* NULL: no nulls */
	bool		read_only;
	bool		latest;			/* with a current snapshot (rule 2) */
	long		max_rows;		/* 0: no limit */
	RowReader	read;			/* or NULL */
	void	   *arg;
} SPIQuery;

extern uint64 query_run(const SPIQuery *query);
extern uint64 query_run_as_table_owner(const SPIQuery *query, Oid relid);
extern bool find_row(Oid relid, const char *sql, int n, const Oid *types, const Datum *values,
					 int ncolumns, Datum *row);

#pragma GCC visibility pop

#endif							/* LOCKING_QUERY_H */
