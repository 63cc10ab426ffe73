/*
 * key_text.c
 *		Primary keys as text: conversion of values to text and back.
 *
 * The text of a key is that of the stored value, cast to text under fixed
 * settings (see "Keys" in src/README.md).
 */
#include "key_text.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "relation.h"
#include "role.h"

/* ---- values to text ---- */

/*
 * Fix the settings on which the text of some types depends.  Returns the nest
 * level with which to undo this.
 */
static int
pin_settings(void)
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
 * If the current role has the privileges of the code's owner, and perhaps
 * more, the code runs as its owner.  Otherwise it runs as the current role,
 * as in a query on the table, so that the caller does not gain the owner's
 * rights.  Returns whether the role was switched.
 */
static bool
enter_code_owner(const KeyColumn *column, RoleSwitch *saved)
{
	if (!OidIsValid(column->code_owner) || column->code_owner == GetUserId() ||
		!has_privs_of_role(GetUserId(), column->code_owner))
		return false;
	enter_role(saved, column->code_owner);
	return true;
}

static char *
convert_to_text(const KeyColumn *column, Datum value)
{
	FmgrInfo   *to_text = (FmgrInfo *) &column->to_text;

	switch (column->text_method)
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
	bool		switched = enter_code_owner(column, &saved);
	char	   *text = convert_to_text(column, value);

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

/* The text of a key, from values in key order. */
char *
key_text(const Key *key, const Datum *values)
{
	char	   *text;
	int			level;

	if (!key->needs_settings)
		return columns_text(key, values);
	level = pin_settings();
	text = columns_text(key, values);
	AtEOXact_GUC(false, level);
	return text;
}

/* ---- text to values ---- */

/* What a key must look like, for a hint. */
static char *
key_form(const Key *key, Oid relid)
{
	const KeyColumn *column = key->columns;
	StringInfoData form;

	initStringInfo(&form);
	if (key->ncolumns == 1)
	{
		appendStringInfo(&form, "A key of this table is a value of column \"%s\", of type %s.",
						 NameStr(column->name), format_type_be(column->type));
		return form.data;
	}
	appendStringInfoString(&form, "A key of this table is an array of the values of columns ");
	for (int i = 0; i < key->ncolumns; i++, column++)
		appendStringInfo(&form, "%s\"%s\" (%s)", i == 0 ? "" : i < key->ncolumns - 1 ? ", " : " and ",
						 NameStr(column->name), format_type_be(column->type));
	appendStringInfoString(&form, ", as locking.row_key() returns it.");
	return form.data;
}

/* Refuse a text that is not a key. */
void
refuse_key(const Key *key, Oid relid, const char *text, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is not a key of table \"%s\"", text, get_rel_name(relid)),
			 errdetail("%s", why),
			 errhint("%s", key_form(key, relid)),
			 errtable_by_id(relid)));
}

/* Refuse a null key. */
void
refuse_null_key(const Key *key, Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("key must not be null"),
			 errhint("%s", key_form(key, relid)),
			 errtable_by_id(relid)));
}

/*
 * Does the error mean that the input function rejects the value?  That of a
 * composite type may violate a domain's check; that of tsvector reports a
 * syntax error.
 */
static bool
is_data_error(int sqlerrcode)
{
	return ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_DATA_EXCEPTION ||
		ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_TO_CATEGORY(ERRCODE_CHECK_VIOLATION) ||
		sqlerrcode == ERRCODE_SYNTAX_ERROR;
}

static Datum
parse_text(const KeyColumn *column, const char *text)
{
	RoleSwitch	saved;
	bool		switched = enter_code_owner(column, &saved);
	Datum		value = InputFunctionCall((FmgrInfo *) &column->input, unconstify(char *, text),
										  column->typioparam, -1);

	if (switched)
		leave_role(&saved);
	return value;
}

/*
 * Convert text to a value with the caller's settings, under which the text
 * may have been written.  The type modifier is ignored: rounding would make
 * the value the key of another row.  A text that the type's input function
 * rejects leaves its message in *why, else NULL.  After such an error the
 * caller raises one, which ends the (sub)transaction and restores the role.
 */
static Datum
try_to_parse(const KeyColumn *column, const char *text, char **why)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile Datum value = (Datum) 0;

	*why = NULL;
	PG_TRY();
	{
		value = parse_text(column, text);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (!is_data_error(error->sqlerrcode))
			PG_RE_THROW();
		FlushErrorState();
		*why = error->message;
	}
	PG_END_TRY();
	return value;
}

static Datum
parse_column(const Key *key, const KeyColumn *column, Oid relid, const char *text)
{
	char	   *why;
	Datum		value = try_to_parse(column, text, &why);

	if (why)
		refuse_key(key, relid, text, why);
	return value;
}

/*
 * Convert a value of any type to that of a key's column.  A value that has
 * the column's type is not converted through text, which depends on settings.
 */
Datum
key_column_from_value(const Key *key, int column, Oid relid, Oid type, Datum value)
{
	Oid			output;
	bool		is_varlena;

	if (type == key->columns[column].type)
		return value;
	getTypeOutputInfo(type, &output, &is_varlena);
	return parse_column(key, &key->columns[column], relid, OidOutputFunctionCall(output, value));
}

static void
parse_array(const Key *key, Oid relid, ArrayType *array, Datum *values)
{
	Oid			element = ARR_ELEMTYPE(array);
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	const char *whole = OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));

	get_typlenbyvalalign(element, &typlen, &typbyval, &typalign);
	deconstruct_array(array, element, typlen, typbyval, typalign, &elements, &nulls, &n);
	if (n != key->ncolumns || ARR_NDIM(array) > 1)
		refuse_key(key, relid, whole, psprintf("The primary key has %d columns, but the array has %d elements.",
											   key->ncolumns, n));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			refuse_key(key, relid, whole, "Columns of a primary key cannot be null.");
		values[i] = key_column_from_value(key, i, relid, element, elements[i]);
	}
}

/*
 * Convert the text of an array of texts.  If it is none, *why says so, and
 * the caller must raise an error.
 */
ArrayType *
parse_text_array(const char *text, char **why)
{
	KeyColumn	whole = {0};
	Oid			input;
	Datum		array;

	getTypeInputInfo(TEXTARRAYOID, &input, &whole.typioparam);
	fmgr_info(input, &whole.input);
	array = try_to_parse(&whole, text, why);
	return *why ? NULL : DatumGetArrayTypeP(array);
}

/* Convert a key from text, which for several columns is that of an array. */
void
key_parse(const Key *key, Oid relid, const char *text, Datum *values)
{
	ArrayType  *array;
	char	   *why;

	if (key->ncolumns == 1)
	{
		values[0] = parse_column(key, &key->columns[0], relid, text);
		return;
	}
	array = parse_text_array(text, &why);
	if (why)
		refuse_key(key, relid, text, why);
	parse_array(key, relid, array, values);
}

/* The same for a stored key, which was written under fixed settings. */
void
key_parse_stored(const Key *key, Oid relid, const char *text, Datum *values)
{
	int			level;

	if (!key->needs_settings)
	{
		key_parse(key, relid, text, values);
		return;
	}
	level = pin_settings();
	key_parse(key, relid, text, values);
	AtEOXact_GUC(false, level);
}

/* The text of an argument of any type, as "::text" gives it. */
static char *
argument_text(Oid type, Datum value)
{
	KeyColumn	column = {0};

	column.type = type;
	(void) key_set_text_method(&column, CurrentMemoryContext);
	return column_text(&column, value);
}

/* Convert a key from a value of any type, which must not be null. */
void
key_from_value(const Key *key, Oid relid, Oid type, Datum value, Datum *values)
{
	if (key->ncolumns > 1 && OidIsValid(get_element_type(type)))
		parse_array(key, relid, DatumGetArrayTypeP(value), values);
	else if (key->ncolumns == 1 && type == key->columns[0].type)
		values[0] = value;
	else
		key_parse(key, relid, argument_text(type, value), values);
}

/* The values of a function's argument "key", of type text or anyelement. */
void
key_argument(const Key *key, Oid relid, FunctionCallInfo fcinfo, int argno, Datum *values)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, argno);

	if (PG_ARGISNULL(argno))
		refuse_null_key(key, relid);
	if (!OidIsValid(type))
		elog(ERROR, "could not determine the type of the key");
	key_from_value(key, relid, type, PG_GETARG_DATUM(argno), values);
}
