/*
 * key_array.c
 *		Arrays of primary keys, as an argument of a function.
 *
 * The argument has one of two types.  "anyarray" takes arrays of any type.
 * "text" takes untyped literals and parameters, which PostgreSQL would not
 * resolve between text[] and anyarray; they are read as text[].
 *
 * Each element of the array is a key.  Where the key has several columns, it
 * is the text of their array, or a row of their values; or the array has two
 * dimensions, and each of its lines is a key.
 */
#include "key_array.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "argument.h"
#include "key_text.h"
#include "relation.h"

/* An array that is read. */
typedef struct KeyArray
{
	const Key  *key;
	Oid			relid;
	Oid			element;		/* type of the elements */
	int16		typlen;
	bool		typbyval;
	char		typalign;
	int			nelements;
	Datum	   *elements;
	bool	   *nulls;
} KeyArray;

/* ---- arrays with two dimensions ---- */

static void
check_dimensions(const Key *key, Oid relid, ArrayType *array)
{
	int			ndim = ARR_NDIM(array);

	if (ndim <= 1 || (ndim == 2 && key->ncolumns > 1 && ARR_DIMS(array)[1] == key->ncolumns))
		return;
	if (key->ncolumns == 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("keys must be a one-dimensional array"),
				 errdetail("The primary key of table \"%s\" has one column.", get_rel_name(relid)),
				 errtable_by_id(relid)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("keys must be an array of keys, or a two-dimensional array of their columns"),
			 errdetail("The primary key of table \"%s\" has %d columns.", get_rel_name(relid), key->ncolumns),
			 errhint("Use ARRAY[ARRAY[...], ...], or array_agg(locking.row_key(x)) over rows x of the table."),
			 errtable_by_id(relid)));
}

/* The key in a line of a two-dimensional array. */
static void
read_line(const KeyArray *in, int line, Datum *values)
{
	int			n = in->key->ncolumns;
	int			lower = 1;
	ArrayType  *columns = construct_md_array(in->elements + line * n, in->nulls + line * n, 1, &n, &lower,
											 in->element, in->typlen, in->typbyval, in->typalign);

	key_from_value(in->key, in->relid, get_array_type(in->element), PointerGetDatum(columns), values);
}

/* ---- elements ---- */

static void
refuse_row(const KeyArray *in, int ncolumns)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the rows in keys must have the columns of the primary key of table \"%s\"",
					get_rel_name(in->relid)),
			 errdetail("The primary key has %d columns, but a row has %d.", in->key->ncolumns, ncolumns),
			 errhint("For complete rows x of the table use array_agg(locking.row_key(x))."),
			 errtable_by_id(in->relid)));
}

static int
count_columns(TupleDesc desc)
{
	int			n = 0;

	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped)
			n++;
	return n;
}

static void
read_columns(const KeyArray *in, Datum element, TupleDesc desc, Datum *values)
{
	HeapTupleHeader row = DatumGetHeapTupleHeader(element);
	HeapTupleData tuple = {0};
	int			n = 0;

	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	tuple.t_data = row;
	for (int i = 0; i < desc->natts; i++)
	{
		bool		isnull;
		Datum		value;

		if (TupleDescAttr(desc, i)->attisdropped)
			continue;
		value = heap_getattr(&tuple, i + 1, desc, &isnull);
		if (isnull)
			refuse_key(in->key, in->relid, OidOutputFunctionCall(F_RECORD_OUT, element),
					   "Columns of a primary key cannot be null.");
		values[n] = key_column_from_value(in->key, n, in->relid, TupleDescAttr(desc, i)->atttypid, value);
		n++;
	}
}

/* The key in a row of its columns' values. */
static void
read_row(const KeyArray *in, Datum element, Datum *values)
{
	HeapTupleHeader row = DatumGetHeapTupleHeader(element);
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));

	if (count_columns(desc) != in->key->ncolumns)
		refuse_row(in, count_columns(desc));
	read_columns(in, element, desc, values);
	ReleaseTupleDesc(desc);
}

static void
read_element(const KeyArray *in, int i, Datum *values)
{
	if (in->nulls[i])
		refuse_null_key(in->key, in->relid);
	if (in->key->ncolumns > 1 && type_is_rowtype(in->element))
		read_row(in, in->elements[i], values);
	else
		key_from_value(in->key, in->relid, in->element, in->elements[i], values);
}

/* ---- the argument ---- */

static void
refuse_keys(Oid relid, const char *message, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 detail ? errdetail("%s", detail) : 0,
			 errhint("Use an array of keys, as ARRAY[...] or '{...}'."),
			 errtable_by_id(relid)));
}

static ArrayType *
array_argument(Oid relid, FunctionCallInfo fcinfo, int argno)
{
	ArrayType  *array;
	char	   *why;

	if (PG_ARGISNULL(argno))
		refuse_keys(relid, "keys must not be null", NULL);
	if (get_fn_expr_argtype(fcinfo->flinfo, argno) != TEXTOID)
		return PG_GETARG_ARRAYTYPE_P(argno);
	array = parse_text_array(text_to_cstring(PG_GETARG_TEXT_PP(argno)), &why);
	if (why)
		refuse_keys(relid, "keys must be an array", why);
	return array;
}

/*
 * The values of each key in a function's argument "keys", of type text or
 * anyarray.
 */
Datum	  **
key_array_argument(const Key *key, Oid relid, FunctionCallInfo fcinfo, int argno, int *n)
{
	ArrayType  *array = array_argument(relid, fcinfo, argno);
	bool		lines = ARR_NDIM(array) > 1;
	KeyArray	in = {key, relid, ARR_ELEMTYPE(array)};
	Datum	  **keys;

	check_dimensions(key, relid, array);
	get_typlenbyvalalign(in.element, &in.typlen, &in.typbyval, &in.typalign);
	deconstruct_array(array, in.element, in.typlen, in.typbyval, in.typalign, &in.elements, &in.nulls, &in.nelements);
	*n = lines ? in.nelements / key->ncolumns : in.nelements;
	keys = palloc((*n + 1) * sizeof(Datum *));
	for (int i = 0; i < *n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		keys[i] = palloc(key->ncolumns * sizeof(Datum));
		if (lines)
			read_line(&in, i, keys[i]);
		else
			read_element(&in, i, keys[i]);
	}
	return keys;
}
