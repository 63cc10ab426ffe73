/*
 * key.c
 *		Descriptions of primary keys: their columns, and how values are
 *		converted to text.
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
 * Does an output function depend on no setting?  enum_out depends only on the
 * catalog.
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

/*
 * Determine how values are converted to text, as "::text" does.  False: the
 * text depends on settings.
 */
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
 * Are values that the index considers equal identical bitwise?  If not
 * (citext, numeric, nondeterministic collations), only the stored row has the
 * spelling of its key.
 */
static bool
index_is_image_equal(Oid indexid)
{
	Relation	index = index_open(indexid, AccessShareLock);
	bool		result = index->rd_rel->relam == BTREE_AM_OID && _bt_allequalimage(index, false);

	index_close(index, NoLock);
	return result;
}

/* The offset of a column's data in rows without nulls, or -1 if it varies. */
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
 * Most keys are integers, uuids or texts.  Unless a user-defined cast
 * applies, their place in the gate is computed without conversion to text and
 * without allocating memory.
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

/* The owner of an object, from a column of its syscache entry. */
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
 * The role whose code may run when values of a column are converted from or
 * to text: input and output functions, casts.  InvalidOid: only built-in
 * code.  A domain counts as its base type.
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
 * Build the description of a primary key for a relation, a table or one of
 * its partitions.  Returns NULL if the relation lacks a column of that name:
 * a partition whose detachment is pending does not follow when a column of
 * its root is renamed.
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

		/*
		 * a domain's checks do not run: no row has a value that violates them
		 */
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
