/*
 * record_expiry.h
 *		Columns of locking.lock, and those of them that the gate reads.
 */
#ifndef LOCKING_RECORD_EXPIRY_H
#define LOCKING_RECORD_EXPIRY_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "utils/timestamp.h"

#pragma GCC visibility push(hidden)

/* in the order of the table's columns */
enum
{
	COL_RELATION = 1,
	COL_KEY,
	COL_TOKEN,
	COL_OWNER,
	COL_OWNER_NAME,
	COL_CLIENT,
	COL_HARD,
	COL_NOTE,
	COL_ACQUIRED_AT,
	COL_RENEWED_AT,
	COL_EXPIRES_AT,
	COL_TTL,
	COL_ROW_XMIN,
	COL_CONFIRM_XID,
	COL_LOST,
	COL_HANDED_OVER,
	NCOLS = COL_HANDED_OVER
};

extern void record_read_expiry(TupleTableSlot *slot, Oid *relation, char **key, TimestampTz *expires_at);

#pragma GCC visibility pop

#endif							/* LOCKING_RECORD_EXPIRY_H */
