/*
 * once.c
 *		Writes that are executed once, although they may be sent again: the
 *		header Idempotency-Key
 *
 * A page whose save got no answer (the connection was cut, this program was
 * killed) sends the same request again, with the same key
 * (draft-ietf-httpapi-idempotency-key-header).  Where the keys are kept
 * decides what is promised.  In this program's memory they would be lost with
 * it, and other instances would not have them.  In a table written before or
 * after the save, the two could disagree.  So the key is a row of the table
 * locking.done that commits with the save (locking.once()).  The save's own
 * transaction id, whose outcome PostgreSQL could tell, is not known to a
 * client that got no answer.
 *
 * Not the reply is kept, but only the key of the row: a copy of its values
 * would escape the table's privileges.  A repetition is answered with the row
 * as it is now.
 */
#include "api/once.h"

#include <string.h>

#include "api/plan.h"
#include "db/db.h"
#include "http/reply.h"
#include "http/request_data.h"

static const char *
key_of(const Request *req)
{
	return request_header(req, "Idempotency-Key");
}

/* What must be equal in a repetition */
static const char *
content_of(Request *req)
{
	return request_printf(req, "%s %s?%s\n%s", req->method_name, req->path, req->query_text ? req->query_text : "",
						  request_body(req));
}

bool
once_begin(Request *req, const char *requested, const char **written)
{
	PGresult   *once;

	*written = NULL;
	if (key_of(req) == NULL)
		return true;
	once = db_run(req, sql_once(key_of(req), content_of(req)));
	if (once == NULL)
		return false;
	if (is_true(once, ONCE_IS_NEW))
		return true;
	*written = value_at(once, ONCE_RESULT);
	if (*written == NULL)
		*written = requested;
	return false;
}

void
once_mark_reply(Request *req)
{
	reply_header(req, "Idempotent-Replayed", "true");
}

bool
once_keep(Request *req, const char *requested, const char *key)
{
	if (key_of(req) == NULL || (requested && strcmp(requested, key) == 0))
		return true;
	return db_run(req, sql_keep_result(key_of(req), key)) != NULL;
}
