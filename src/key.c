/*
 * key.c
 *		Primary keys as text: from a row, from values, and back.
 *
 * One row must have one key text, whoever asks with which settings.  So a
 * key's text is that of the stored value, cast to text; types whose text
 * depends on settings (timestamptz on TimeZone ...) are cast under fixed
 * ones.
 */
#include "locking.h"

#include "access/nbtree.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "role.h"

/* ---- building ---- */

/*
 * Output functions that look at no setting.  enum_out is one: it looks at the
 * catalog alone.
 */
static bool
ignores_settings(Oid function)
{
	switch (function)
	{
		case F_INT2OUT:
		case F_INT4OUT:
		case F_INT8OUT:
		case F_OIDOUT:
		case F_NUMERIC_OUT:
		case F_UUID_OUT:
		case F_TEXTOUT:
		case F_VARCHAROUT:
		case F_BPCHAROUT:
		case F_NAMEOUT:
		case F_ENUM_OUT:
			return true;
		default:
			return false;
	}
}

/* How to turn the type into text, the way "::text" does. */
static bool
set_text_way(KeyColumn *column, MemoryContext cxt)
{
	Oid			base = getBaseType(column->type);
	Oid			function = InvalidOid;
	bool		is_varlena;

	switch (find_coercion_pathway(TEXTOID, base, COERCION_EXPLICIT, &function))
	{
		case COERCION_PATH_RELABELTYPE:
			column->way = KEY_TEXT_AS_IS;
			return true;
		case COERCION_PATH_FUNC:
			column->way = KEY_TEXT_CAST;
			fmgr_info_cxt(function, &column->to_text, cxt);
			return base == BPCHAROID || base == BOOLOID;
		default:
			column->way = KEY_TEXT_OUTPUT;
			getTypeOutputInfo(base, &function, &is_varlena);
			fmgr_info_cxt(function, &column->to_text, cxt);
			return ignores_settings(function);
	}
}

/*
 * Are equal values of the index the same to the bit?  If not (citext,
 * numeric, nondeterministic collations) only the stored row knows its key's
 * spelling.
 */
static bool
index_is_image_equal(Oid indexid)
{
	Relation	index = index_open(indexid, AccessShareLock);
	bool		result = index->rd_rel->relam == BTREE_AM_OID && _bt_allequalimage(index, false);

	index_close(index, NoLock);
	return result;
}

/*
 * Where a column's data begin in rows without nulls.  -1: not always at the
 * same place.
 */
static int
fixed_offset(TupleDesc desc, AttrNumber attnum)
{
	int			offset = 0;

	for (int i = 0; i < attnum; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attlen < 0)
			return -1;
		offset = att_align_nominal(offset, att->attalign);
		if (i < attnum - 1)
			offset += att->attlen;
	}
	return offset;
}

/*
 * Most keys are an integer, a uuid or a text.  Those need no text made, and
 * nothing allocated, for the gate to know them, unless somebody has a way of
 * his own to write them.
 */
static void
set_kind(KeyColumn *column, Form_pg_attribute att)
{
	Oid			base = getBaseType(att->atttypid);

	column->kind = KEY_OTHER;
	if (att->attgenerated != '\0')
		return;
	if (column->way == KEY_TEXT_AS_IS && att->attlen == -1)
		column->kind = KEY_TEXT;
	else if (column->way == KEY_TEXT_OUTPUT && (base == INT2OID || base == INT4OID || base == INT8OID))
		column->kind = KEY_INTEGER;
	else if (column->way == KEY_TEXT_OUTPUT && base == UUIDOID)
		column->kind = KEY_UUID;
	column->size = att->attlen;
}

/* "column" of the catalog that the cache is of names the owner. */
static Oid
object_owner(int cache, AttrNumber column, Oid object)
{
	HeapTuple	tuple = SearchSysCache1(cache, ObjectIdGetDatum(object));
	bool		isnull;
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for object %u", object);
	owner = DatumGetObjectId(SysCacheGetAttr(cache, tuple, column, &isnull));
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * The role whose code may run where a column's values are read from text or
 * written as text: input and output functions, casts.  InvalidOid: only
 * PostgreSQL's own.  Domains count as the type that they are made of.
 */
static Oid
code_owner(const KeyColumn *column)
{
	Oid			base = getBaseType(column->type);

	if (base >= FirstNormalObjectId)
		return object_owner(TYPEOID, Anum_pg_type_typowner, base);
	if (column->way != KEY_TEXT_AS_IS && column->to_text.fn_oid >= FirstNormalObjectId)
		return object_owner(PROCOID, Anum_pg_proc_proowner, column->to_text.fn_oid);
	return InvalidOid;
}

/*
 * NULL: the relation has no column of that name.  A partition whose
 * detachment is pending does not follow when a column of its root is renamed.
 */
Key *
key_build(Relation rel, Oid root, int ncolumns, const AttrNumber *root_attnums, Oid index,
		  MemoryContext cxt)
{
	Key		   *key = MemoryContextAllocZero(cxt, offsetof(Key, columns) + ncolumns * sizeof(KeyColumn));

	key->ncolumns = ncolumns;
	key->image_equal = index_is_image_equal(index);
	for (int i = 0; i < ncolumns; i++)
	{
		KeyColumn  *column = &key->columns[i];
		char	   *name = get_attname(root, root_attnums[i], false);
		Form_pg_attribute att;
		Oid			input;

		/* a partition may have its columns in another order */
		column->attnum = get_attnum(RelationGetRelid(rel), name);
		if (column->attnum == InvalidAttrNumber)
			return NULL;
		att = TupleDescAttr(RelationGetDescr(rel), column->attnum - 1);
		namestrcpy(&column->name, name);
		column->type = att->atttypid;
		column->equals = lookup_type_cache(column->type, TYPECACHE_EQ_OPR)->eq_opr;
		/* a domain's checks are not run: what they refuse is no row's key */
		getTypeInputInfo(getBaseType(column->type), &input, &column->typioparam);
		fmgr_info_cxt(input, &column->input, cxt);
		if (!set_text_way(column, cxt))
			key->needs_settings = true;
		set_kind(column, att);
		column->code_owner = code_owner(column);
	}
	key->integer_offset = -1;
	if (ncolumns == 1 && key->columns[0].kind == KEY_INTEGER)
		key->integer_offset = fixed_offset(RelationGetDescr(rel), key->columns[0].attnum);
	return key;
}

/* ---- values to text ---- */

static int
fix_settings(void)
{
	static const char *const fixed[][2] = {
		{"datestyle", "ISO, YMD"}, {"intervalstyle", "postgres"}, {"timezone", "UTC"},
		{"extra_float_digits", "1"}, {"bytea_output", "hex"}, {"search_path", "pg_catalog, pg_temp"}, {"lc_monetary", "C"},
		{"quote_all_identifiers", "off"},
	};
	int			level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(fixed); i++)
		(void) set_config_option(fixed[i][0], fixed[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/*
 * A role that has the rights of the code's owner, and perhaps more to lose,
 * runs it as that owner.  Any other runs it as itself, as in a query on the
 * table: the rights of the owner are not for a caller to use.  True: the role
 * was switched.
 */
static bool
enter_code(const KeyColumn *column, RoleSwitch *saved)
{
	if (!OidIsValid(column->code_owner) || column->code_owner == GetUserId() ||
		!has_privs_of_role(GetUserId(), column->code_owner))
		return false;
	enter_role(saved, column->code_owner);
	return true;
}

static char *
write_text(const KeyColumn *column, Datum value)
{
	FmgrInfo   *to_text = (FmgrInfo *) &column->to_text;

	switch (column->way)
	{
		case KEY_TEXT_AS_IS:
			return TextDatumGetCString(value);
		case KEY_TEXT_CAST:
			return TextDatumGetCString(FunctionCall1Coll(to_text, InvalidOid, value));
		case KEY_TEXT_OUTPUT:
			break;
	}
	return OutputFunctionCall(to_text, value);
}

static char *
column_text(const KeyColumn *column, Datum value)
{
	RoleSwitch	saved;
	bool		switched = enter_code(column, &saved);
	char	   *text = write_text(column, value);

	if (switched)
		leave_role(&saved);
	return text;
}

static char *
columns_text(const Key *key, const Datum *values)
{
	Datum	   *texts;
	ArrayType  *array;

	if (key->ncolumns == 1)
		return column_text(&key->columns[0], values[0]);

	texts = palloc(key->ncolumns * sizeof(Datum));
	for (int i = 0; i < key->ncolumns; i++)
		texts[i] = CStringGetTextDatum(column_text(&key->columns[i], values[i]));
	array = construct_array(texts, key->ncolumns, TEXTOID, -1, false, TYPALIGN_INT);
	return OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));
}

/* The key's text for values in key order. */
char *
key_text(const Key *key, const Datum *values)
{
	char	   *text;
	int			level;

	if (!key->needs_settings)
		return columns_text(key, values);
	level = fix_settings();
	text = columns_text(key, values);
	AtEOXact_GUC(false, level);
	return text;
}

/* ---- rows ---- */

/*
 * A generated column of a row that a BEFORE trigger sees: not computed yet in
 * the new row, and never stored if it is virtual.  PostgreSQL evaluates it as
 * the writer, too.
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

/* A column's value in the old or the new row, as it is or will be stored. */
Datum
tuple_value(Relation rel, HeapTuple tuple, AttrNumber attnum, bool is_new, bool *isnull)
{
	char		generated = TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated;

	if (generated != '\0' && (is_new || generated != ATTRIBUTE_GENERATED_STORED))
		return generated_value(rel, tuple, attnum, isnull);
	return heap_getattr(tuple, attnum, RelationGetDescr(rel), isnull);
}

/*
 * The key of a row, or NULL if a part of it is null (the row will be
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

static int64
integer_value(const KeyColumn *column, Datum value)
{
	return column->size == sizeof(int32) ? DatumGetInt32(value) :
		column->size == sizeof(int64) ? DatumGetInt64(value) : DatumGetInt16(value);
}

/* The general way: behind columns of varying width, in rows with nulls. */
bool
key_integer_anywhere(const Key *key, Relation rel, HeapTuple tuple, int64 *integer)
{
	const KeyColumn *column = &key->columns[0];
	bool		isnull;

	if (key->ncolumns > 1 || column->kind != KEY_INTEGER)
		return false;
	*integer = integer_value(column, heap_getattr(tuple, column->attnum, RelationGetDescr(rel), &isnull));
	return !isnull;
}

/* As uuid_out() does. */
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
	pg_lltoa(value, out);		/* tells its length from 14 on */
	return out + strlen(out);
}

/*
 * Columns as the key's text has them, which quotes neither integers nor
 * uuids.  NULL: others.
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
place_of_text_column(const Key *key, Relation rel, HeapTuple tuple, uint64 *place)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, key->columns[0].attnum, RelationGetDescr(rel), &isnull);
	char	   *text = DatumGetPointer(value);

	if (isnull || VARATT_IS_COMPRESSED(text) || VARATT_IS_EXTERNAL(text))
		return false;
	*place = gate_place_of_text(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
	return true;
}

/*
 * The gate's place of a stored row's key, if no text has to be made for it.
 */
bool
key_place(const Key *key, Relation rel, HeapTuple tuple, uint64 *place)
{
	char		text[INDEX_MAX_KEYS * (2 * UUID_LEN + 5) + 2] = "{";
	char	   *end;

	if (key->ncolumns == 1 && key->columns[0].kind == KEY_TEXT)
		return place_of_text_column(key, rel, tuple, place);
	end = write_columns(key, rel, tuple, text + 1);
	if (end == NULL)
		return false;
	*end = '}';
	*place = key->ncolumns == 1 ? gate_place_of_text(text + 1, end - text - 1) :
		gate_place_of_text(text, end - text + 1);
	return true;
}

/*
 * By value, since object mappers write all columns.  Values that differ in
 * their bytes but are equal to the type count as different.
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

bool
key_differs(const Key *key, Relation rel, HeapTuple old, HeapTuple new)
{
	for (int i = 0; i < key->ncolumns; i++)
		if (column_differs(rel, key->columns[i].attnum, old, new))
			return true;
	return false;
}

/* ---- text to values ---- */

static void
refuse_key(Oid relid, const char *text, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is not a key of table \"%s\"", text, get_rel_name(relid)),
			 errdetail("%s", why)));
}

/*
 * Whether an input function or a domain refused the value; tsvector's calls
 * bad text a syntax error.
 */
static bool
tells_of_value(int sqlerrcode)
{
	return ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_DATA_EXCEPTION ||
		ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_TO_CATEGORY(ERRCODE_CHECK_VIOLATION) ||
		sqlerrcode == ERRCODE_SYNTAX_ERROR;
}

static Datum
read_text(const KeyColumn *column, const char *text)
{
	RoleSwitch	saved;
	bool		switched = enter_code(column, &saved);
	Datum		value = InputFunctionCall((FmgrInfo *) &column->input, unconstify(char *, text),
										  column->typioparam, -1);

	if (switched)
		leave_role(&saved);
	return value;
}

/*
 * Read with the caller's settings, which may be those the text was written
 * with. The type modifier is left out: rounding would make it another row's
 * key.  The message of the type's input function for bad text becomes the
 * detail; the error ends the (sub)transaction, which restores the role.
 */
static Datum
column_value(const KeyColumn *column, Oid relid, const char *text)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile Datum value = (Datum) 0;

	PG_TRY();
	{
		value = read_text(column, text);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (!tells_of_value(error->sqlerrcode))
			PG_RE_THROW();
		FlushErrorState();
		refuse_key(relid, text, error->message);
	}
	PG_END_TRY();
	return value;
}

static void
array_values(const Key *key, Oid relid, ArrayType *array, Datum *values)
{
	Oid			element = ARR_ELEMTYPE(array);
	Oid			output;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	bool		is_varlena;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	const char *whole = OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));

	get_typlenbyvalalign(element, &typlen, &typbyval, &typalign);
	deconstruct_array(array, element, typlen, typbyval, typalign, &elements, &nulls, &n);
	if (n != key->ncolumns || ARR_NDIM(array) > 1)
		refuse_key(relid, whole, psprintf("The primary key has %d columns, the array %d elements.",
										  key->ncolumns, n));
	getTypeOutputInfo(element, &output, &is_varlena);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			refuse_key(relid, whole, "No column of a primary key is null.");
		values[i] = column_value(&key->columns[i], relid, OidOutputFunctionCall(output, elements[i]));
	}
}

static ArrayType *
text_array(Oid relid, const char *text)
{
	KeyColumn	whole = {0};
	Oid			input;

	getTypeInputInfo(TEXTARRAYOID, &input, &whole.typioparam);
	fmgr_info(input, &whole.input);
	return DatumGetArrayTypeP(column_value(&whole, relid, text));
}

/*
 * Values of a key that is given as text; of several columns, as an array's.
 */
void
key_parse(const Key *key, Oid relid, const char *text, Datum *values)
{
	if (key->ncolumns == 1)
		values[0] = column_value(&key->columns[0], relid, text);
	else
		array_values(key, relid, text_array(relid, text), values);
}

/* A key as it is stored, which was written under fixed settings. */
void
key_parse_stored(const Key *key, Oid relid, const char *text, Datum *values)
{
	int			level;

	if (!key->needs_settings)
	{
		key_parse(key, relid, text, values);
		return;
	}
	level = fix_settings();
	key_parse(key, relid, text, values);
	AtEOXact_GUC(false, level);
}

/* The text of an argument of some type, as "::text" gives it. */
static char *
argument_text(Oid type, Datum value)
{
	KeyColumn	column = {0};

	column.type = type;
	(void) set_text_way(&column, CurrentMemoryContext);
	return column_text(&column, value);
}

/* Values of the "key text" or "key anyelement" argument of a function. */
void
key_argument(const Key *key, Oid relid, FunctionCallInfo fcinfo, int argno, Datum *values)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, argno);
	Datum		value;

	argument_not_null(fcinfo, argno, "key");
	if (!OidIsValid(type))
		elog(ERROR, "could not determine the type of the key");
	value = PG_GETARG_DATUM(argno);

	if (key->ncolumns > 1 && OidIsValid(get_element_type(type)))
		array_values(key, relid, DatumGetArrayTypeP(value), values);
	else if (key->ncolumns == 1 && type == key->columns[0].type)
		values[0] = value;
	else
		key_parse(key, relid, argument_text(type, value), values);
}
