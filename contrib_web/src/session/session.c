/*
 * session.c
 *		Sessions of users who are signed in
 *
 * The mutex protects the table of sessions and their variable members.  Names
 * and tokens of an open session do not change, so they can be read with a
 * reference only.
 */
#include "session/session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/secret.h"
#include "base/text.h"
#include "session/running.h"

struct Session
{
	char		token[TOKEN_SIZE];
	char		csrf[TOKEN_SIZE];
	char	   *owner;			/* the role, or the proxy's user */
	char	   *owner_name;
	bool		proxied;
	bool		shared;			/* of session_share() */
	char	   *password;
	Pool		pool;			/* not used behind a proxy */
	RunningCount running_count;
	SessionInfo info;			/* "used" is computed */
	int64_t		created;		/* now_s() */
	int64_t		used;
	int64_t		verify_tried;	/* last attempt to reconnect the role */
	bool		open;			/* in the table */
	long		references;
	UT_hash_handle hh;
};

#define RETRY_SECONDS 5			/* while the server is unavailable */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Session *sessions;

static RunningCount service_running_count;	/* of requests without a session */

static void (*session_ended) (const Session *session);

/* ---- beginning ---- */

static Session *
new_session(const char *owner)
{
	Session    *session = allocate(sizeof(Session));

	session->owner = copy_text(owner);
	session->references = 1;
	session->created = session->used = now_s();
	return session;
}

Session *
session_new_role(const char *role, char *password)
{
	Session    *session = new_session(role);

	session->password = password;
	session->pool.role = session->owner;
	session->pool.password = password;
	return session;
}

Session *
session_new_proxied(const char *owner, const char *name)
{
	Session    *session = new_session(owner);

	session->proxied = true;
	session->owner_name = name ? copy_text(name) : NULL;
	return session;
}

/* Cuts off a text so that no character is cut. */
static void
copy_agent(char agent[AGENT_SIZE], const char *text)
{
	size_t		length = strnlen(text, AGENT_SIZE - 1);

	while (length > 0 && !is_utf8(text, length))
		length--;
	memcpy(agent, text, length);
	agent[length] = '\0';
}

static void
describe(Session *session, const Address *address, const char *agent)
{
	char		id[TOKEN_SIZE];

	secret_token(id);
	memcpy(session->info.id, id, SESSION_ID_SIZE - 1);
	session->info.started = time(NULL);
	address_print(address, session->info.address);
	if (agent)
		copy_agent(session->info.agent, agent);
}

/* ---- end ---- */

void
session_on_end(void (*ended) (const Session *session))
{
	session_ended = ended;
}

static void
destroy(Session *session)
{
	pool_close(&session->pool);
	secret_free(session->password);
	free(session->owner_name);
	free(session->owner);
	free(session);
}

void
session_release(Session *session)
{
	bool		last;

	if (session == NULL)
		return;
	pthread_mutex_lock(&mutex);
	last = --session->references == 0;
	pthread_mutex_unlock(&mutex);
	if (last)
		destroy(session);
}

/*
 * Removes a session from the table, whose reference the caller gets.  Returns
 * NULL if it is not open.  The caller holds the mutex.
 */
static Session *
remove_session(Session *session)
{
	if (!session->open)
		return NULL;
	HASH_DEL(sessions, session);
	session->open = false;
	return session;
}

/* Ends a session that was removed from the table, if any. */
static void
finish(Session *session)
{
	if (session == NULL)
		return;
	if (session_ended)
		session_ended(session);
	pool_close(&session->pool);
	session_release(session);	/* of the table */
}

void
session_end(Session *session)
{
	Session    *removed;

	pthread_mutex_lock(&mutex);
	removed = remove_session(session);
	pthread_mutex_unlock(&mutex);
	finish(removed);
}

/* The caller holds the mutex. */
static bool
is_expired(const Session *session, int64_t now)
{
	return now >= session->used + options.session_idle || now >= session->created + options.session_absolute;
}

/* Returns a reference to a session that has timed out, or to ANY; or NULL. */
static Session *
find_expired(bool any)
{
	Session    *session;
	int64_t		now = now_s();

	pthread_mutex_lock(&mutex);
	for (session = sessions; session; session = session->hh.next)
		if (any || is_expired(session, now))
			break;
	if (session)
		session->references++;
	pthread_mutex_unlock(&mutex);
	return session;
}

static void
end_sessions(bool all)
{
	Session    *session;

	while ((session = find_expired(all)) != NULL)
	{
		session_end(session);
		session_release(session);
	}
}

void
session_end_expired(void)
{
	end_sessions(false);
}

void
session_end_all(void)
{
	end_sessions(true);
}

/* ---- opening ---- */

/*
 * Returns the oldest session of the owner if there are as many as allowed;
 * otherwise NULL.  The caller holds the mutex.
 */
static Session *
surplus_session(const char *owner)
{
	Session    *oldest = NULL;
	long		n = 0;

	/* in the order of insertion */
	for (Session *session = sessions; session; session = session->hh.next)
		if (strcmp(session->owner, owner) == 0)
		{
			oldest = oldest ? oldest : session;
			n++;
		}
	return n >= options.sessions_per_role ? oldest : NULL;
}

/* The caller holds the mutex. */
static void
add_session(Session *session)
{
	session->references++;		/* of the table */
	session->open = true;
	HASH_ADD_STR(sessions, token, session);
}

bool
session_open(Session *session, const Address *address, const char *agent)
{
	Session    *surplus;
	bool		has_room;

	secret_token(session->token);
	secret_token(session->csrf);
	describe(session, address, agent);
	pthread_mutex_lock(&mutex);
	surplus = surplus_session(session->owner);
	has_room = surplus != NULL || (long) HASH_COUNT(sessions) < options.max_sessions;
	if (surplus)
		remove_session(surplus);
	if (has_room)
		add_session(session);
	pthread_mutex_unlock(&mutex);
	finish(surplus);
	return has_room;
}

/* ---- the sessions of an owner ---- */

void
session_list(const char *owner, void (*show) (const SessionInfo *info, void *arg), void *arg)
{
	int64_t		now = now_s();
	time_t		today = time(NULL);

	pthread_mutex_lock(&mutex);
	for (Session *session = sessions; session; session = session->hh.next)
		if (strcmp(session->owner, owner) == 0 && !is_expired(session, now))
		{
			SessionInfo info = session->info;

			info.used = today - (time_t) (now - session->used);
			show(&info, arg);
		}
	pthread_mutex_unlock(&mutex);
}

Session *
session_of_owner(const char *owner, const char *id)
{
	Session    *session;

	pthread_mutex_lock(&mutex);
	for (session = sessions; session; session = session->hh.next)
		if (strcmp(session->owner, owner) == 0 && strcmp(session->info.id, id) == 0)
			break;
	if (session)
		session->references++;
	pthread_mutex_unlock(&mutex);
	return session;
}

/* ---- reauthentication ---- */

Session *
session_to_verify(void)
{
	Session    *session;
	int64_t		now = now_s();

	pthread_mutex_lock(&mutex);
	for (session = sessions; session; session = session->hh.next)
		if (!session->proxied && pool_unverified(&session->pool) >= options.reauthenticate && now >= session->verify_tried + RETRY_SECONDS)
			break;
	if (session)
	{
		session->references++;
		session->verify_tried = now;
	}
	pthread_mutex_unlock(&mutex);
	return session;
}

bool
session_verify(Session *session)
{
	ConnectError error;

	if (pool_verify(&session->pool, &error) || !connect_refuses_role(error.sqlstate))
		return true;
	log_message("session of %s ended: %s", session->owner, error.message);
	session_end(session);
	return false;
}

/* ---- lookups ---- */

/*
 * The hash table compares byte by byte, but only entries found by a hash of
 * the whole token.  So the duration discloses nothing useful about the 256
 * random bits.
 */
Session *
session_find(const char *token)
{
	Session    *session = NULL;
	int64_t		now = now_s();

	pthread_mutex_lock(&mutex);
	HASH_FIND_STR(sessions, token, session);
	if (session && is_expired(session, now))
		session = NULL;			/* session_end_expired() will end it */
	if (session)
	{
		session->references++;
		session->used = now;
	}
	pthread_mutex_unlock(&mutex);
	return session;
}

static bool
is_shared_by(const Session *session, const char *owner, const char *name)
{
	if (!session->shared || strcmp(session->owner, owner) != 0)
		return false;
	return name && session->owner_name ? strcmp(session->owner_name, name) == 0 : name == session->owner_name;
}

static Session *
find_shared(const char *owner, const char *name)
{
	Session    *session;
	int64_t		now = now_s();

	pthread_mutex_lock(&mutex);
	for (session = sessions; session; session = session->hh.next)
		if (is_shared_by(session, owner, name) && !is_expired(session, now))
			break;
	if (session)
	{
		session->references++;
		session->used = now;
	}
	pthread_mutex_unlock(&mutex);
	return session;
}

/*
 * Requests that arrive at the same time may each begin a session; one of them
 * is found from then on, and the others end by themselves.
 */
Session *
session_share(const char *owner, const char *name, const Address *address, const char *agent)
{
	Session    *session = find_shared(owner, name);

	if (session)
		return session;
	session = session_new_proxied(owner, name);
	session->shared = true;
	if (session_open(session, address, agent))
		return session;
	session_release(session);
	return NULL;
}

const char *
session_token(const Session *session)
{
	return session->token;
}

const char *
session_csrf(const Session *session)
{
	return session->csrf;
}

const char *
session_id(const Session *session)
{
	return session->info.id;
}

const char *
session_owner(const Session *session)
{
	return session ? session->owner : NULL;
}

const char *
session_owner_name(const Session *session)
{
	return session ? session->owner_name : NULL;
}

bool
session_is_proxied(const Session *session)
{
	return session && session->proxied;
}

const char *
session_role(const Session *session)
{
	return session && !session->proxied ? session->owner : NULL;
}

Pool *
session_pool(Session *session)
{
	return session && !session->proxied ? &session->pool : &service_pool;
}

RunningCount *
session_running_count(Session *session)
{
	return session ? &session->running_count : &service_running_count;
}

bool
session_has_ended(const Session *session)
{
	bool		ended;

	pthread_mutex_lock(&mutex);
	ended = !session->open;
	pthread_mutex_unlock(&mutex);
	return ended;
}

long
session_count(void)
{
	long		n;

	pthread_mutex_lock(&mutex);
	n = HASH_COUNT(sessions);
	pthread_mutex_unlock(&mutex);
	return n;
}
