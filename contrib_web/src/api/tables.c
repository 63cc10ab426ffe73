/*
 * tables.c
 *		Tables: list, description of columns for forms, and protection
 */
#include "api/tables.h"

#include <stdlib.h>
#include <string.h>

#include "api/plan.h"
#include "base/options.h"
#include "http/reply.h"

/* seconds, if the option has values for tables only */
#define DEFAULT_IDLE_LIMIT 3600

/* ---- tables ---- */

/* GET tables */
void
list_tables(Request *req)
{
	reply_result(req, 200, db_run(req, sql_all_tables()));
}

/* The option idle-limit as JSON: seconds by table, "" for all others */
static const char *
idle_limits(Request *req)
{
	json_t	   *limits = json_pack("{s:i}", "", DEFAULT_IDLE_LIMIT);
	char	   *text;
	const char *copy;

	for (size_t i = 0; i < options.idle_limits.n; i++)
	{
		const char *item = options.idle_limits.items[i];
		const char *equals = strrchr(item, '=');
		const char *table = request_printf(req, "%.*s", equals ? (int) (equals - item) : 0, item);

		json_object_set_new(limits, table, json_integer(atol(equals ? equals + 1 : item)));
	}
	text = json_dumps(limits, JSON_COMPACT);
	copy = request_printf(req, "%s", text);
	free(text);
	json_decref(limits);
	return copy;
}

/* GET tables/{table} */
void
get_table(Request *req)
{
	TableRef	ref;
	PGresult   *table = NULL;

	if (find_table(req, request_param(req, "table"), &ref))
		table = run_plan(req, sql_one_table(ref.oid, idle_limits(req)));
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
