/*
 * health.c
 *		/healthz: the process responds.  /readyz: so does the database, which
 *		has the extension.
 */
#include "server/health.h"

#include "db/db.h"
#include "http/problem.h"
#include "http/reply.h"

void
get_healthz(Request *req)
{
	reply_text(req, 200, "text/plain", "ok\n");
}

void
get_readyz(Request *req)
{
	const PGresult *result = db_run(req, sql_extension_version());

	if (result == NULL)
		return;
	if (db_value(result))
		reply_text(req, 200, "text/plain", "ready\n");
	else
		reply_problem(req, PROBLEM_UNAVAILABLE, "The extension locking is not installed in the database.", NULL);
}
