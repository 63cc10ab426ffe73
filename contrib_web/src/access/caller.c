/*
 * caller.c
 *		The client of a request: address, user and session
 *
 * Headers of a trusted proxy override the address of the socket.  Such
 * headers are ignored in all other requests.
 */
#include "access/caller.h"

#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "http/problem.h"
#include "http/request_data.h"
#include "session/session.h"

typedef struct Count
{
	const char *name;
	const char *value;			/* last value */
	int			n;
} Count;

static enum MHD_Result
count_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	Count	   *count = cls;

	(void) kind;
	if (strcasecmp(name, count->name) == 0)
	{
		count->value = value;
		count->n++;
	}
	return MHD_YES;
}

static Count
count_headers(const Request *req, const char *name)
{
	Count		count = {.name = name};

	MHD_get_connection_values(req->connection, MHD_HEADER_KIND, count_header, &count);
	return count;
}

/*
 * Returns a header set by the proxy.  If it is repeated, one of them may be
 * from the client, so both are ignored.
 */
static const char *
proxy_header(const Request *req, const char *name)
{
	Count		count;

	if (name == NULL || !req->from_proxy)
		return NULL;
	count = count_headers(req, name);
	if (count.n != 1 || count.value == NULL || *count.value == '\0')
		return NULL;
	return count.value;
}

/*
 * Names that differ only in invisible characters would be different owners.
 * They are refused instead of normalized, since they may be different users
 * at the proxy, one of which could then act as the other.
 */
static void
read_proxy_names(Request *req)
{
	req->proxy_user = proxy_header(req, options.user_header);
	req->proxy_name = proxy_header(req, options.name_header);
	req->bad_proxy_name = (req->proxy_user && !is_name(req->proxy_user)) || (req->proxy_name && !is_name(req->proxy_name));
	if (!req->bad_proxy_name)
		return;
	log_message("the authenticating proxy sent an invalid name: \"%.300s\", \"%.300s\"",
				req->proxy_user ? req->proxy_user : "", req->proxy_name ? req->proxy_name : "");
	req->proxy_user = req->proxy_name = NULL;
}

static bool
is_listed(const char *name, size_t length)
{
	for (size_t i = 0; i < options.take_over_groups.n; i++)
	{
		const char *group = options.take_over_groups.items[i];

		if (strlen(group) == length && strncmp(group, name, length) == 0)
			return true;
	}
	return false;
}

/* GROUPS are separated by commas, with or without blanks; NULL: none. */
static bool
may_take_over(const char *groups)
{
	const char *name = groups ? groups : "";

	if (options.take_over_groups.n == 0)
		return true;
	for (size_t length; *name; name += length)
	{
		name += strspn(name, ", \t");
		length = strcspn(name, ",");
		while (length > 0 && strchr(" \t", name[length - 1]))
			length--;
		if (length > 0 && is_listed(name, length))
			return true;
	}
	return false;
}

/*
 * The proxy appends the address of its client to the existing list, or adds
 * another header.
 */
static void
read_forwarded_for(Request *req)
{
	const char *list = req->from_proxy ? count_headers(req, "X-Forwarded-For").value : NULL;
	const char *last;
	Address		address;

	if (list == NULL)
		return;
	last = strrchr(list, ',');
	last = last ? last + 1 : list;
	if (address_parse(last + strspn(last, " \t"), &address))
		req->peer = address;
}

/*
 * A proxy that removes a prefix from the path reports it here.  The value
 * becomes part of pages, so other text is ignored.
 */
static void
read_forwarded_prefix(Request *req)
{
	const char *prefix = proxy_header(req, "X-Forwarded-Prefix");

	if (prefix && is_base_path(prefix))
		req->base_path = prefix;
}

void
caller_identify(Request *req)
{
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	req->peer = address_of(info->client_addr);
	req->from_proxy = address_is_trusted(&req->peer);
	read_proxy_names(req);
	req->no_take_over = !may_take_over(proxy_header(req, options.group_header));
	read_forwarded_for(req);
	read_forwarded_prefix(req);
}

bool
caller_refuse_name(Request *req)
{
	if (req->bad_proxy_name)
		reply_problem(req, PROBLEM_FORBIDDEN, "The authenticating proxy sent an invalid name.  Names are UTF-8 text of at most 255 bytes,"
					  " without control characters and without leading or trailing blanks.", NULL);
	return req->bad_proxy_name;
}

bool
caller_is_secure(const Request *req)
{
	const char *scheme = req->from_proxy ? request_header(req, "X-Forwarded-Proto") : NULL;

	return options.tls_cert || (scheme && strcasecmp(scheme, "https") == 0);
}

#define MAX_BODY_WITHOUT_SESSION (16UL * 1024)	/* sufficient for signing in */

size_t
caller_body_limit(const Request *req)
{
	Session    *session = caller_session(req);
	size_t		limit = options.max_body;

	if (session == NULL && limit > MAX_BODY_WITHOUT_SESSION)
		limit = MAX_BODY_WITHOUT_SESSION;
	session_release(session);
	return limit;
}

Session *
caller_session(const Request *req)
{
	const char *token = MHD_lookup_connection_value(req->connection, MHD_COOKIE_KIND, SESSION_COOKIE);
	Session    *session = token ? session_find(token) : NULL;

	if (session && options.user_header &&
		(req->proxy_user == NULL || strcmp(req->proxy_user, session_owner(session)) != 0))
	{
		session_release(session);
		return NULL;
	}
	return session;
}

Session *
caller_session_without_cookie(const Request *req)
{
	return req->proxy_user ? session_share(req->proxy_user, req->proxy_name, &req->peer, request_header(req, "User-Agent")) : NULL;
}
