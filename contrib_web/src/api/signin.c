/*
 * signin.c
 *		/api/v1/session: signing in and out, and the current session
 *
 * To sign in, the program connects to the database, so PostgreSQL verifies
 * the password.  Failures after the server has requested the password have
 * the same reply, which does not disclose whether the role exists, nor
 * whether the password of a role that may not connect is right.  If the
 * server refuses the role without requesting a password, the reply says so,
 * since no password would help.
 */
#include "api/signin.h"

#include <string.h>

#include "access/caller.h"
#include "access/origin.h"
#include "base/log.h"
#include "base/options.h"
#include "base/secret.h"
#include "db/db.h"
#include "db/failure.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/request_data.h"
#include "session/known.h"
#include "session/session.h"
#include "session/throttle.h"

#define ROLE_MAX 63				/* bytes in a role name */

/* ---- replies ---- */

static void
reply_session(Request *req, unsigned status, const PGresult *state)
{
	json_t	   *json = json_member(db_value(state));
	json_t	   *more = json_pack("{s:s, s:i, s:i, s:s, s:b}", "csrf", session_csrf(req->session),
								 "idle_timeout", (int) options.session_idle,
								 "absolute_timeout", (int) options.session_absolute,
								 "version", VERSION, "proxy", session_is_proxied(req->session));

	json_object_update(json, more);
	json_decref(more);
	reply_object(req, status, json);
}

static void
set_cookie(Request *req, const char *value, const char *more)
{
	reply_header(req, MHD_HTTP_HEADER_SET_COOKIE,
				 request_printf(req, SESSION_COOKIE "=%s; Path=%s/; HttpOnly; SameSite=Strict%s%s", value,
								request_base_path(req), caller_is_secure(req) ? "; Secure" : "", more));
}

/*
 * Discards a session that could not be opened.  Its connection must be
 * returned first.
 */
static void
drop_session(Request *req)
{
	db_finish(req);
	session_release(req->session);
	req->session = NULL;
}

/* Opens the request's new session and replies with it. */
static void
open_session(Request *req, unsigned status, const PGresult *state)
{
	Session    *previous = caller_session(req);

	if (previous)
		session_end(previous);
	session_release(previous);
	if (session_open(req->session, &req->peer, request_header(req, "User-Agent")))
	{
		reply_session(req, status, state);
		set_cookie(req, session_token(req->session), "");
		return;
	}
	drop_session(req);
	reply_problem(req, PROBLEM_TOO_MANY, "There are too many sessions.", NULL);
	reply_retry_after(req, 60);
}

/* ---- signing in with a password ---- */

typedef struct Credentials
{
	json_t	   *body;
	const char *role;
	const char *password;
} Credentials;

static bool
refuse(Request *req, ProblemKind kind, const char *detail, const char *column)
{
	reply_problem(req, kind, detail, column ? json_pack("{s:s}", "column", column) : NULL);
	return false;
}

static bool
read_credentials(Request *req, Credentials *credentials)
{
	json_t	   *body = json_loads(request_body(req), JSON_REJECT_DUPLICATES, NULL);

	credentials->body = body;
	credentials->role = json_string_value(json_object_get(body, "role"));
	credentials->password = json_string_value(json_object_get(body, "password"));
	if (body == NULL)
		return refuse(req, PROBLEM_INVALID, "The body is not JSON.", NULL);
	if (credentials->role == NULL || *credentials->role == '\0' || strlen(credentials->role) > ROLE_MAX)
		return refuse(req, PROBLEM_INVALID, "\"role\" must be a name of 1 to 63 bytes.", "role");
	if (credentials->password == NULL || strlen(credentials->password) >= PASSWORD_SIZE)
		return refuse(req, PROBLEM_INVALID, "\"password\" must be a text of at most 1023 bytes.", "password");
	return true;
}

static void
wipe_credentials(Request *req, Credentials *credentials)
{
	if (credentials->password)
		explicit_bzero((char *) credentials->password, strlen(credentials->password));
	json_decref(credentials->body);
	if (req->body)
		explicit_bzero(req->body, req->body_size);
}

static bool
check_throttle(Request *req, Attempt *attempt)
{
	long		wait = throttle_attempt(attempt);

	if (wait == 0)
		return true;
	reply_problem(req, PROBLEM_TOO_MANY, "Too many failed attempts to sign in. Wait before the next attempt.", NULL);
	reply_retry_after(req, wait);
	return false;
}

/*
 * An empty password must not be passed to libpq, which would look for another
 * one.
 */
static Session *
new_session(const Credentials *credentials)
{
	char	   *password = *credentials->password ? secret_alloc() : NULL;

	if (password == NULL)
		return NULL;
	strcpy(password, credentials->password);
	return session_new_role(credentials->role, password);
}

static void
refuse_role(Request *req)
{
	const char *message = db_error_field(req, PG_DIAG_MESSAGE_PRIMARY);

	log_message("sign-in failed: %s", message ? message : "no password");
	if (strcmp(db_sqlstate(req), "28000") == 0)
		refuse(req, PROBLEM_SIGN_IN_REFUSED, "The database server does not ask this role for a password (pg_hba.conf).", NULL);
	else
		refuse(req, PROBLEM_SIGN_IN_FAILED, "The role or password is wrong, or the role may not sign in.", NULL);
}

static void
sign_in_failed(Request *req, const Attempt *attempt)
{
	if (*db_sqlstate(req) == '\0' || (req->error == NULL && connect_refuses_role(db_sqlstate(req))))
		refuse_role(req);
	else
	{
		throttle_withdraw(attempt);
		reply_db_error(req, NULL);
	}
}

/*
 * Sets the cookie that identifies this device, so that its attempts are
 * counted separately.  The cookie does not authenticate.
 */
static void
set_device_cookie(Request *req, const Attempt *attempt)
{
	char		token[TOKEN_SIZE];

	known_record(attempt->address, attempt->device, attempt->role, token);
	reply_header(req, MHD_HTTP_HEADER_SET_COOKIE,
				 request_printf(req, DEVICE_COOKIE "=%s; Path=%s/api/v1/session; HttpOnly; SameSite=Strict%s; Max-Age=31536000", token,
								request_base_path(req), caller_is_secure(req) ? "; Secure" : ""));
}

static void
sign_in(Request *req, const Credentials *credentials, const Attempt *attempt)
{
	const PGresult *state;

	req->session = new_session(credentials);
	state = req->session ? db_run(req, sql_session_state()) : NULL;
	if (state)
	{
		throttle_succeeded(attempt);
		open_session(req, MHD_HTTP_CREATED, state);
		if (req->session)
			set_device_cookie(req, attempt);
		return;
	}
	sign_in_failed(req, attempt);
	if (req->session)
		drop_session(req);
}

/* ---- authentication by a proxy ---- */

/*
 * A GET can begin a session.  As their number is limited per user, pages of
 * other sites could end the user's own.
 */
static void
sign_in_by_proxy(Request *req, unsigned status)
{
	const PGresult *state;

	if (caller_refuse_name(req))
		return;
	if (req->proxy_user == NULL)
	{
		refuse(req, req->from_proxy ? PROBLEM_UNAUTHENTICATED : PROBLEM_FORBIDDEN,
			   "The authenticating proxy sent no user, or the request did not come through it.", NULL);
		return;
	}
	if (origin_is_foreign_page(req))
	{
		refuse(req, PROBLEM_CSRF, "A page of another site cannot begin a session.", NULL);
		return;
	}
	req->session = session_new_proxied(req->proxy_user, req->proxy_name);
	state = db_run(req, sql_session_state());
	if (state)
		open_session(req, status, state);
	else
	{
		reply_db_error(req, NULL);
		drop_session(req);
	}
}

/* ---- handlers ---- */

void
post_session(Request *req)
{
	Credentials credentials;
	Attempt		attempt;

	if (options.user_header)
	{
		sign_in_by_proxy(req, MHD_HTTP_CREATED);
		return;
	}
	if (read_credentials(req, &credentials))
	{
		memset(&attempt, 0, sizeof(attempt));
		attempt.address = &req->peer;
		attempt.role = credentials.role;
		attempt.device = MHD_lookup_connection_value(req->connection, MHD_COOKIE_KIND, DEVICE_COOKIE);
		if (check_throttle(req, &attempt))
			sign_in(req, &credentials, &attempt);
	}
	wipe_credentials(req, &credentials);
}

/* With "optional", a missing session is not an error. */
static void
reply_without_session(Request *req)
{
	const char *optional = request_query(req, "optional");

	if (origin_is_other_site(req))
		refuse(req, PROBLEM_OTHER_SITE, "Browsers send the session's cookie only from pages of the same site.", NULL);
	else if (options.user_header)
		sign_in_by_proxy(req, MHD_HTTP_OK);
	else if (optional && strcmp(optional, "true") == 0)
		reply_empty(req, MHD_HTTP_NO_CONTENT);
	else
		refuse(req, PROBLEM_UNAUTHENTICATED, "Sign in first.", NULL);
}

void
get_session(Request *req)
{
	const PGresult *state;

	req->session = caller_session(req);
	if (req->session == NULL)
	{
		reply_without_session(req);
		return;
	}
	state = db_run(req, sql_session_state());
	if (state)
		reply_session(req, MHD_HTTP_OK, state);
}

void
delete_session(Request *req)
{
	session_end(req->session);
	reply_empty(req, MHD_HTTP_NO_CONTENT);
	set_cookie(req, "", "; Max-Age=0");
}
