/*
 * key.c
 *		Primary keys: their columns, and how their values become text.
 */
#include "key.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/transam.h"
#include "access/tupmacs.h"
#include "catalog/pg_am.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

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
bool
key_set_text_method(KeyColumn *column, MemoryContext cxt)
{
	Oid			base = getBaseType(column->type);
	Oid			function = InvalidOid;
	bool		is_varlena;

	switch (find_coercion_pathway(TEXTOID, base, COERCION_EXPLICIT, &function))
	{
		case COERCION_PATH_RELABELTYPE:
			column->text_method = KEY_TEXT_AS_IS;
			return true;
		case COERCION_PATH_FUNC:
			column->text_method = KEY_TEXT_CAST;
			fmgr_info_cxt(function, &column->to_text, cxt);
			return base == BPCHAROID || base == BOOLOID;
		default:
			column->text_method = KEY_TEXT_OUTPUT;
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
	if (column->text_method == KEY_TEXT_AS_IS && att->attlen == -1)
		column->kind = KEY_TEXT;
	else if (column->text_method == KEY_TEXT_OUTPUT && (base == INT2OID || base == INT4OID || base == INT8OID))
		column->kind = KEY_INTEGER;
	else if (column->text_method == KEY_TEXT_OUTPUT && base == UUIDOID)
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
	if (column->text_method != KEY_TEXT_AS_IS && column->to_text.fn_oid >= FirstNormalObjectId)
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
		if (!key_set_text_method(column, cxt))
			key->needs_settings = true;
		set_kind(column, att);
		column->code_owner = code_owner(column);
	}
	key->integer_offset = -1;
	if (ncolumns == 1 && key->columns[0].kind == KEY_INTEGER)
		key->integer_offset = fixed_offset(RelationGetDescr(rel), key->columns[0].attnum);
	return key;
}
