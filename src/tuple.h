/*
 * tuple.h
 *		Columns and keys of rows that are read or written.
 */
#ifndef LOCKING_TUPLE_H
#define LOCKING_TUPLE_H

#include "postgres.h"

#include "access/htup_details.h"
#include "utils/rel.h"

#include "key.h"

#pragma GCC visibility push(hidden)

extern Datum tuple_value(Relation rel, HeapTuple tuple, AttrNumber attnum, bool is_new, bool *isnull);
extern bool column_differs(Relation rel, AttrNumber attnum, HeapTuple old, HeapTuple new);
extern bool key_differs(const Key *key, Relation rel, HeapTuple old, HeapTuple new);
extern char *key_of_tuple(const Key *key, Relation rel, HeapTuple tuple, bool is_new);
extern bool key_integer_anywhere(const Key *key, Relation rel, HeapTuple tuple, int64 *integer);
extern bool key_place(const Key *key, Relation rel, HeapTuple tuple, uint64 *place);

/*
 * The integer that is the key of a row just read or about to be written.
 * False: the key is not an integer.  Called for every row written, hence
 * inline; for nearly every table and row it is one addition.
 */
static inline bool
key_integer(const Key *key, Relation rel, HeapTuple tuple, int64 *integer)
{
	const char *data = (const char *) tuple->t_data + tuple->t_data->t_hoff + key->integer_offset;

	if (unlikely(key->integer_offset < 0 || HeapTupleHasNulls(tuple) ||
				 key->columns[0].attnum > HeapTupleHeaderGetNatts(tuple->t_data)))
		return key_integer_anywhere(key, rel, tuple, integer);
	*integer = key->columns[0].size == sizeof(int32) ? *(const int32 *) data :
		key->columns[0].size == sizeof(int64) ? *(const int64 *) data : *(const int16 *) data;
	return true;
}

#pragma GCC visibility pop

#endif							/* LOCKING_TUPLE_H */
