/*
 * sql.c
 *		Text of queries on protected tables.
 *
 * All names are quoted and qualified, those of operators and types included,
 * so that the queries do not depend on the search_path.
 */
#include "sql.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/*
 * " [ONLY] schema.table x".  ONLY leaves out inheritance children, whose rows
 * are locked in their own table.
 */
void
append_table(StringInfo query, Oid relid)
{
	appendStringInfo(query, " %s%s x",
					 get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
												get_rel_name(relid)));
}

/* "SELECT key columns[, xmin] FROM table x". */
void
append_key_select(StringInfo query, const Key *key, Oid relid, bool with_xmin)
{
	for (int i = 0; i < key->ncolumns; i++)
		appendStringInfo(query, "%s x.%s", i == 0 ? "SELECT" : ",",
						 quote_identifier(NameStr(key->columns[i].name)));
	appendStringInfoString(query, with_xmin ? ", x.xmin FROM" : " FROM");
	append_table(query, relid);
}

/*
 * An operand, cast to the type that the operator is declared with.  Otherwise
 * an operator that a user created for another type could be the closer match,
 * and would run with the rights of the role that runs this query.
 */
static char *
operand(const char *text, Oid type, Oid declared)
{
	HeapTuple	tuple;
	Form_pg_type form;
	char	   *cast;

	if (type == declared)
		return pstrdup(text);
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(declared));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", declared);
	form = (Form_pg_type) GETSTRUCT(tuple);
	cast = psprintf("%s::%s", text, quote_qualified_identifier(get_namespace_name(form->typnamespace),
															   NameStr(form->typname)));
	ReleaseSysCache(tuple);
	return cast;
}

/* The n-th condition: "left OPERATOR(schema.=) right". */
void
append_condition(StringInfo query, int n, Oid operator, const char *left, Oid left_type,
				 const char *right, Oid right_type)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	appendStringInfo(query, "%s %s OPERATOR(%s.%s) %s", n == 1 ? " WHERE" : " AND",
					 operand(left, left_type, form->oprleft),
					 quote_identifier(get_namespace_name(form->oprnamespace)), NameStr(form->oprname),
					 operand(right, right_type, form->oprright));
	ReleaseSysCache(tuple);
}

/* The n-th condition: a column of a key in table x equals parameter $n. */
static void
append_key_condition(StringInfo query, int n, const KeyColumn *column)
{
	append_condition(query, n, column->equals,
					 psprintf("x.%s", quote_identifier(NameStr(column->name))), column->type,
					 psprintf("$%d", n), column->type);
}

/*
 * Conditions on all columns of a key.  "types" receives the types of their
 * parameters.
 */
void
append_key_conditions(StringInfo query, const Key *key, Oid *types)
{
	for (int i = 0; i < key->ncolumns; i++)
	{
		types[i] = key->columns[i].type;
		append_key_condition(query, i + 1, &key->columns[i]);
	}
}
