/*
 * problem.c
 *		Problem documents for errors: application/problem+json (RFC 9457)
 */
#include "http/problem.h"

#include "http/reply.h"
#include "http/request_data.h"

typedef struct Problem
{
	unsigned	status;
	const char *name;
	const char *title;
} Problem;

static const Problem problems[PROBLEM_COUNT] = {
	[PROBLEM_BAD_REQUEST] = {400, "bad-request", "Malformed request"},
	[PROBLEM_UNAUTHENTICATED] = {401, "unauthenticated", "Not signed in"},
	[PROBLEM_SIGN_IN_FAILED] = {401, "sign-in-failed", "Sign-in failed"},
	[PROBLEM_SIGN_IN_REFUSED] = {403, "sign-in-refused", "Sign-in by password not possible"},
	[PROBLEM_FORBIDDEN] = {403, "forbidden", "Permission denied"},
	[PROBLEM_READ_ONLY] = {403, "read-only", "Database is read-only"},
	[PROBLEM_LIMIT] = {403, "limit", "Limit reached"},
	[PROBLEM_CSRF] = {403, "csrf", "Request not from a page of this site"},
	[PROBLEM_OTHER_USER] = {403, "other-user", "Another user is signed in"},
	[PROBLEM_OTHER_SITE] = {403, "other-site", "Page of another site"},
	[PROBLEM_NOT_FOUND] = {404, "not-found", "Not found"},
	[PROBLEM_METHOD] = {405, "method-not-allowed", "Method not allowed"},
	[PROBLEM_LOST] = {409, "lost", "Lock lost"},
	[PROBLEM_NOT_PROTECTED] = {409, "not-protected", "Table not protected"},
	[PROBLEM_GONE] = {410, "gone", "Done before, and gone since"},
	[PROBLEM_CHANGED] = {412, "changed", "Row changed"},
	[PROBLEM_TOO_LARGE] = {413, "too-large", "Request too large"},
	[PROBLEM_MEDIA_TYPE] = {415, "unsupported-media-type", "Unsupported media type"},
	[PROBLEM_INVALID] = {422, "invalid", "Invalid value"},
	[PROBLEM_LOCKED] = {423, "locked", "Row locked"},
	[PROBLEM_HELD_ELSEWHERE] = {423, "held-elsewhere", "Row locked by you in another client"},
	[PROBLEM_LOCK_REQUIRED] = {423, "lock-required", "Lock required"},
	[PROBLEM_TOO_MANY] = {429, "too-many", "Too many requests"},
	[PROBLEM_HEAD_TOO_LARGE] = {431, "head-too-large", "Request line and headers too large"},
	[PROBLEM_INTERNAL] = {500, "internal", "Internal error"},
	[PROBLEM_UNAVAILABLE] = {503, "unavailable", "Temporarily unavailable"},
	[PROBLEM_EXHAUSTED] = {503, "exhausted", "Database out of resources"},
	[PROBLEM_BUSY] = {503, "busy", "Another transaction is in the way"},
	[PROBLEM_TIMEOUT] = {503, "timeout", "Timeout"},
};

json_t *
problem_document(ProblemKind kind, const char *detail, json_t *extra)
{
	const Problem *problem = &problems[kind];
	json_t	   *json = json_pack("{s:o, s:s, s:i}", "type", json_sprintf("urn:locking:problem:%s", problem->name),
								 "title", problem->title, "status", (int) problem->status);

	if (detail)
		json_object_set_new(json, "detail", json_string(detail));
	json_object_update(json, extra);
	json_decref(extra);
	return json;
}

/* Error replies of the django-locking interface have no body. */
static void
reply_document(Request *req, unsigned status, json_t *document)
{
	if (req->route && req->route->flags & ROUTE_AJAX)
	{
		reply_empty(req, status);
		json_decref(document);
	}
	else
		reply_dumped(req, status, "application/problem+json", document);
}

void
reply_problem(Request *req, ProblemKind kind, const char *detail, json_t *extra)
{
	unsigned	status = problems[kind].status;

	reply_document(req, status, problem_document(kind, detail, extra));
	if (status == 503)
		reply_retry_after(req, kind == PROBLEM_TIMEOUT || kind == PROBLEM_BUSY ? 1 : 5);
}

json_t *
json_member(const char *text)
{
	json_t	   *json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	return json ? json : json_null();
}
