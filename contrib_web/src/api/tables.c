/*
 * tables.c
 *		Tables: list, description of columns for forms, and protection
 */
#include "api/tables.h"

#include "api/plan.h"
#include "http/reply.h"

/* ---- tables ---- */

/* GET tables */
void
list_tables(Request *req)
{
	reply_result(req, 200, db_run(req, sql_all_tables()));
}

/* GET tables/{table} */
void
get_table(Request *req)
{
	TableRef	ref;
	PGresult   *table = NULL;

	if (find_table(req, request_param(req, "table"), &ref))
		table = run_plan(req, sql_one_table(ref.oid));
	if (table != NULL)
		reply_json(req, 200, value_at(table, ONE_TABLE_TABLE_JSON));
}

/* ---- protection ---- */

/* PUT tables/{table}/protection */
void
protect_table(Request *req)
{
	const char *table = request_param(req, "table");

	if (run_on_table(req, sql_protect(table, request_body(req))))
		reply_result(req, 200, run_on_table(req, sql_protection(table)));
}

/* DELETE tables/{table}/protection */
void
unprotect_table(Request *req)
{
	if (run_on_table(req, sql_unprotect(request_param(req, "table"))))
		reply_empty(req, 204);
}
