/*
 * stream.c
 *		GET /api/v1/events: live stream as Server-Sent Events
 */
#include "events/stream.h"

#include <stdlib.h>

#include "db/db.h"
#include "db/failure.h"
#include "events/events.h"
#include "events/rights.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/request_data.h"
#include "session/session.h"

#define BLOCK 1024

/*
 * Looks up the rights for missed events, which the listener may not have
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
		const PGresult *result = db_run(req, sql_rights(json_string_value(table), text));

		if (result == NULL)
		{
			done = false;
			break;
		}
		rights_store(result, json_string_value(table));
	}
	free(text);
	json_decref(roles);
	return done;
}

/*
 * Runs the lookup as the service role, without session.  On the reader's own
 * connection, the search_path could select operators defined by the reader.
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

static void
close_stream(void *stream)
{
	stream_close(stream);
}

void
get_events(Request *req)
{
	Stream	   *stream = stream_open(req->connection, req->session, request_header(req, "Last-Event-ID"));
	json_t	   *tables;

	if (stream == NULL)
	{
		reply_problem(req, PROBLEM_TOO_MANY, "Too many event streams are open.", NULL);
		reply_retry_after(req, 10);
		return;
	}
	tables = stream_missed_tables(stream);
	if (look_up_rights_as_service(req, tables))
	{
		request_at_end(req, close_stream, stream);
		reply_callback(req, "text/event-stream", BLOCK, stream_read, stream);
		reply_header(req, "X-Accel-Buffering", "no");	/* for nginx */
	}
	else
		stream_close(stream);
	json_decref(tables);
}
