/*
 * stream.c
 *		GET /api/v1/events: the live stream, as Server-Sent Events.
 */
#include <stdlib.h>

#include "events.h"
#include "handlers.h"
#include "reply.h"
#include "rights.h"
#include "session.h"

#define BLOCK 1024

/* The rights to the tables of missed events, which the listener may not have looked up for this reader. */
static bool
look_up_rights(Request *req, const json_t *tables)
{
	const char *role = session_role(req->session);
	json_t	   *roles = json_pack("[s]", role ? role : "");
	char	   *text = json_dumps(roles, JSON_COMPACT);
	size_t		i;
	json_t	   *table;
	bool		done = true;

	json_array_foreach(tables, i, table)
	{
		const PGresult *result = db_run(req, &rights_query, json_string_value(table), text);

		if (result == NULL)
		{
			done = false;
			break;
		}
		rights_note(result, json_string_value(table));
	}
	free(text);
	json_decref(roles);
	return done;
}

void
get_events(Request *req)
{
	json_t	   *tables;

	req->stream = stream_open(req, request_header(req, "Last-Event-ID"));
	if (req->stream == NULL)
	{
		reply_problem(req, PROBLEM_TOO_MANY, "Too many event streams are open.", NULL);
		reply_retry_after(req, 10);
		return;
	}
	tables = stream_missed_tables(req->stream);
	if (look_up_rights(req, tables))
	{
		reply_callback(req, "text/event-stream", BLOCK, stream_read, req->stream);
		reply_header(req, "X-Accel-Buffering", "no");	/* to nginx */
	}
	json_decref(tables);
}
