/*
 * tuple.c
 *		Columns and keys of rows that are read or written.
 */
#include "tuple.h"

#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/uuid.h"

#include "compat.h"
#include "key_text.h"
#include "place.h"

/* ---- columns ---- */

/*
 * A generated column of a row in a BEFORE trigger: not computed yet in the
 * new row, and never stored if it is virtual.  PostgreSQL evaluates it as the
 * writer, too.
 */
static Datum
generated_value(Relation rel, HeapTuple tuple, AttrNumber attnum, bool *isnull)
{
	EState	   *estate = CreateExecutorState();
	ExprContext *econtext = GetPerTupleExprContext(estate);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsHeapTuple);
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
	Expr	   *expr = (Expr *) locking_generation_expression(rel, attnum);
	Datum		value;

	ExecStoreHeapTuple(tuple, slot, false);
	econtext->ecxt_scantuple = slot;
	value = ExecEvalExprSwitchContext(ExecPrepareExpr(expr, estate), econtext, isnull);
	if (!*isnull)
		value = datumCopy(value, att->attbyval, att->attlen);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
	return value;
}

/*
 * The value of a column in the old or the new row, as it is or will be
 * stored.
 */
Datum
tuple_value(Relation rel, HeapTuple tuple, AttrNumber attnum, bool is_new, bool *isnull)
{
	char		generated = TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated;

	if (generated != '\0' && (is_new || generated != ATTRIBUTE_GENERATED_STORED))
		return generated_value(rel, tuple, attnum, isnull);
	return heap_getattr(tuple, attnum, RelationGetDescr(rel), isnull);
}

/*
 * Does an UPDATE change a column?  Decided by value, since object mappers
 * write all columns.  Values that differ in their bytes, but are equal
 * according to their type, count as different.
 */
bool
column_differs(Relation rel, AttrNumber attnum, HeapTuple old, HeapTuple new)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
	bool		old_null;
	bool		new_null;
	Datum		old_value = tuple_value(rel, old, attnum, false, &old_null);
	Datum		new_value = tuple_value(rel, new, attnum, true, &new_null);

	if (old_null || new_null)
		return old_null != new_null;
	return !datum_image_eq(old_value, new_value, att->attbyval, att->attlen);
}

/* ---- keys ---- */

/* Does an UPDATE change the key? */
bool
key_differs(const Key *key, Relation rel, HeapTuple old, HeapTuple new)
{
	for (int i = 0; i < key->ncolumns; i++)
		if (column_differs(rel, key->columns[i].attnum, old, new))
			return true;
	return false;
}

/*
 * The text of a row's key, or NULL if a column of it is null (the row will be
 * refused).
 */
char *
key_of_tuple(const Key *key, Relation rel, HeapTuple tuple, bool is_new)
{
	Datum		values[INDEX_MAX_KEYS];

	for (int i = 0; i < key->ncolumns; i++)
	{
		bool		isnull;

		values[i] = tuple_value(rel, tuple, key->columns[i].attnum, is_new, &isnull);
		if (isnull)
			return NULL;
	}
	return key_text(key, values);
}

/* ---- keys without conversion to text ---- */

static int64
integer_value(const KeyColumn *column, Datum value)
{
	return column->size == sizeof(int32) ? DatumGetInt32(value) :
		column->size == sizeof(int64) ? DatumGetInt64(value) : DatumGetInt16(value);
}

/*
 * The general case of key_integer(): columns behind others of varying width,
 * and rows with nulls.
 */
bool
key_integer_anywhere(const Key *key, Relation rel, HeapTuple tuple, int64 *integer)
{
	const KeyColumn *column = &key->columns[0];
	bool		isnull;

	if (key->ncolumns > 1 || column->kind != KEY_INTEGER)
		return false;
	*integer = integer_value(column,
							 heap_getattr(tuple, column->attnum, RelationGetDescr(rel), &isnull));
	return !isnull;
}

/* Write a uuid as uuid_out() does. */
static char *
write_uuid(const unsigned char *data, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 0xf];
	}
	return out;
}

static char *
write_integer(int64 value, char *out)
{
	pg_lltoa(value, out);		/* returns its length only from 14 on */
	return out + strlen(out);
}

/*
 * Write the columns as the text of the key contains them, which quotes
 * neither integers nor uuids.  NULL: there are other types.
 */
static char *
write_columns(const Key *key, Relation rel, HeapTuple tuple, char *out)
{
	for (int i = 0; i < key->ncolumns; i++)
	{
		const KeyColumn *column = &key->columns[i];
		bool		isnull;
		Datum		value = heap_getattr(tuple, column->attnum, RelationGetDescr(rel), &isnull);

		if (isnull || (column->kind != KEY_INTEGER && column->kind != KEY_UUID))
			return NULL;
		if (i > 0)
			*out++ = ',';
		out = column->kind == KEY_UUID ? write_uuid(DatumGetUUIDP(value)->data, out) :
			write_integer(integer_value(column, value), out);
	}
	return out;
}

static bool
place_of_text_value(struct varlena *text, uint64 *place)
{
	if (VARATT_IS_COMPRESSED(text) || VARATT_IS_EXTERNAL(text))
		return false;
	*place = place_of_text(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
	return true;
}

/* The place of a key of one column, which is not an integer. */
static bool
place_of_column(const Key *key, Relation rel, HeapTuple tuple, uint64 *place)
{
	const KeyColumn *column = &key->columns[0];
	bool		isnull;
	Datum		value = heap_getattr(tuple, column->attnum, RelationGetDescr(rel), &isnull);

	if (isnull)
		return false;
	if (column->kind == KEY_TEXT)
		return place_of_text_value((struct varlena *) DatumGetPointer(value), place);
	if (column->kind != KEY_UUID)
		return false;
	*place = place_of_uuid(DatumGetUUIDP(value)->data);
	return true;
}

/* The place of a key of several columns, all integers or uuids. */
static pg_noinline bool
place_of_columns(const Key *key, Relation rel, HeapTuple tuple, uint64 *place)
{
	char		text[INDEX_MAX_KEYS * (2 * UUID_LEN + 5) + 2];
	char	   *end;

	text[0] = '{';
	end = write_columns(key, rel, tuple, text + 1);
	if (end == NULL)
		return false;
	*end = '}';
	*place = place_of_text(text, end - text + 1);
	return true;
}

/*
 * The place of a stored row, computed without allocating a text.  False: only
 * its text yields the place.
 */
bool
key_place(const Key *key, Relation rel, HeapTuple tuple, uint64 *place)
{
	return key->ncolumns == 1 ? place_of_column(key, rel, tuple, place) :
		place_of_columns(key, rel, tuple, place);
}
