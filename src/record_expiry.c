/*
 * record_expiry.c
 *		What the gate needs of a record.  It is apart from record.c, which
 *		raises the gate.
 */
#include "record_expiry.h"

#include "utils/builtins.h"

/*
 * Read any version of a record, including dead ones.  These columns are never
 * null nor stored out of line (the storage of the key is MAIN, and its size
 * is limited by that of a btree entry), while other long values of a dead
 * version may be gone.
 */
void
record_read_expiry(TupleTableSlot *slot, Oid *relation, char **key, TimestampTz *expires_at)
{
	bool		isnull;

	*relation = DatumGetObjectId(slot_getattr(slot, COL_RELATION, &isnull));
	*key = TextDatumGetCString(slot_getattr(slot, COL_KEY, &isnull));
	*expires_at =
		DatumGetTimestampTz(slot_getattr(slot, COL_EXPIRES_AT, &isnull));
}
