/*
 * sessions.c
 *		The user's own sessions, and ending them
 *
 * Sessions are in the memory of this program, so those of other instances are
 * not listed.
 */
#include "api/sessions.h"

#include <string.h>

#include "http/problem.h"
#include "http/reply.h"
#include "http/request_data.h"
#include "session/session.h"

typedef struct OwnSessions
{
	json_t	   *sessions;
	const char *current;
} OwnSessions;

static json_t *
time_text(time_t at)
{
	char		text[32];
	struct tm	utc;

	gmtime_r(&at, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_string(text);
}

static void
add_session(const SessionInfo *info, void *arg)
{
	OwnSessions *own = arg;
	json_t	   *agent = *info->agent ? json_string(info->agent) : json_null();

	json_array_append_new(own->sessions,
						  json_pack("{s:s, s:o, s:o, s:s, s:o, s:b}", "id", info->id,
									"started_at", time_text(info->started), "used_at", time_text(info->used),
									"address", info->address, "user_agent", agent,
									"is_current", strcmp(info->id, own->current) == 0));
}

/* GET sessions */
void
list_sessions(Request *req)
{
	OwnSessions own = {json_array(), session_id(req->session)};

	session_list(session_owner(req->session), add_session, &own);
	reply_object(req, 200, json_pack("{s:o}", "sessions", own.sessions));
}

/* DELETE sessions/{id} */
void
end_session(Request *req)
{
	Session    *session = session_of_owner(session_owner(req->session), request_param(req, "id"));

	if (session == NULL)
	{
		reply_problem(req, PROBLEM_NOT_FOUND, "You have no such session, or it has ended.", NULL);
		return;
	}
	session_end(session);
	session_release(session);
	reply_empty(req, 204);
}
