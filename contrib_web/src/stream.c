/*
 * stream.c
 *		GET /api/v1/events: the live stream, as Server-Sent Events.
 */
#include <stdlib.h>

#include "db.h"
#include "events.h"
#include "handlers.h"
#include "reply.h"
#include "rights.h"
#include "session.h"

#define BLOCK 1024

/*
 * The rights to the tables of missed events, which the listener may not have
 * looked up for this reader.
 */
static bool
look_up_rights(Request *req, const char *role, const json_t *tables)
{
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

/*
 * The service role asks, as nobody's session: on the reader's own connection
 * operators of his own search_path could answer.
 */
static bool
look_up_rights_as_service(Request *req, const json_t *tables)
{
	struct Session *session = req->session;
	bool		done;

	req->session = NULL;
	done = look_up_rights(req, session_role(session), tables);
	if (!done)
		reply_db_error(req, NULL);
	db_finish(req);
	req->session = session;
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
	if (look_up_rights_as_service(req, tables))
	{
		reply_callback(req, "text/event-stream", BLOCK, stream_read, req->stream);
		reply_header(req, "X-Accel-Buffering", "no");	/* to nginx */
	}
	else
	{
		stream_close(req->stream);
		req->stream = NULL;
	}
	json_decref(tables);
}
