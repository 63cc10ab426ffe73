/*
 * rights.c
 *		Cache of the rights of roles with open streams to see tables' events
 *
 * Before the listener publishes an event of a table, it looks up the rights
 * of all readers.  They are cached for a while.  So the event loops, which
 * send the events, never wait for the database.  A stream that begins with
 * missed events looks up their rights first.
 *
 * The mutex protects the cache; events.c may hold its own mutex during calls.
 */
#include "events/rights.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/memory.h"
#include "db/statements.h"

/* a revoked right is noticed after this time */
#define FRESH_SECONDS 10
#define FORGET_SECONDS 600
/* tables per reader; forged events may contain any name */
#define MAX_CACHED 10000

typedef struct CachedRight
{
	Right		right;
	int64_t		checked;		/* now_s() */
	UT_hash_handle hh;
	char		table[];
} CachedRight;

struct Reader
{
	long		streams;
	CachedRight *rights;		/* hash by table */
	UT_hash_handle hh;
	char		role[];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Reader *readers;

/* ---- functions called with the mutex held ---- */

static Reader *
find_reader(const char *role)
{
	Reader	   *reader;

	HASH_FIND_STR(readers, role, reader);
	return reader;
}

static Reader *
add_reader(const char *role)
{
	Reader	   *reader = allocate(sizeof(Reader) + strlen(role) + 1);

	strcpy(reader->role, role);
	HASH_ADD_STR(readers, role, reader);
	return reader;
}

static CachedRight *
find_cached(const Reader *reader, const char *table)
{
	CachedRight *cached;

	HASH_FIND_STR(reader->rights, table, cached);
	return cached;
}

/* Removes rights that were looked up before the given time. */
static void
remove_older(Reader *reader, int64_t before)
{
	CachedRight *cached,
			   *next;

	HASH_ITER(hh, reader->rights, cached, next)
	{
		if (cached->checked >= before)
			continue;
		HASH_DEL(reader->rights, cached);
		free(cached);
	}
}

static CachedRight *
add_cached(Reader *reader, const char *table)
{
	CachedRight *cached = allocate(sizeof(CachedRight) + strlen(table) + 1);

	if (HASH_COUNT(reader->rights) >= MAX_CACHED)
		remove_older(reader, INT64_MAX);
	strcpy(cached->table, table);
	HASH_ADD_STR(reader->rights, table, cached);
	return cached;
}

static void
set_right(const char *role, const char *table, Right right)
{
	Reader	   *reader = find_reader(role);
	CachedRight *cached;

	if (reader == NULL)
		return;					/* its last stream was closed */
	cached = find_cached(reader, table);
	if (cached == NULL)
		cached = add_cached(reader, table);
	cached->right = right;
	cached->checked = now_s();
}

/* ---- readers ---- */

Reader *
rights_join(const char *role)
{
	Reader	   *reader;

	pthread_mutex_lock(&mutex);
	reader = find_reader(role);
	if (reader == NULL)
		reader = add_reader(role);
	reader->streams++;
	pthread_mutex_unlock(&mutex);
	return reader;
}

void
rights_leave(Reader *reader)
{
	pthread_mutex_lock(&mutex);
	if (--reader->streams == 0)
	{
		remove_older(reader, INT64_MAX);
		HASH_DEL(readers, reader);
		free(reader);
	}
	pthread_mutex_unlock(&mutex);
}

/* ---- rights ---- */

Right
rights_of(Reader *reader, const char *table)
{
	const CachedRight *cached;
	Right		right;

	pthread_mutex_lock(&mutex);
	cached = find_cached(reader, table);
	right = cached ? cached->right : RIGHT_UNKNOWN;
	pthread_mutex_unlock(&mutex);
	return right;
}

void
rights_store(const PGresult *result, const char *table)
{
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < PQntuples(result); i++)
		set_right(PQgetvalue(result, i, RIGHTS_ROLE), table, (Right) atoi(PQgetvalue(result, i, RIGHTS_EXTENT)));
	pthread_mutex_unlock(&mutex);
}

char *
rights_to_look_up(const char *table)
{
	json_t	   *roles = json_array();
	int64_t		fresh = now_s() - FRESH_SECONDS;
	char	   *text = NULL;

	pthread_mutex_lock(&mutex);
	for (Reader *reader = readers; reader; reader = reader->hh.next)
	{
		const CachedRight *cached = find_cached(reader, table);

		if (cached == NULL || cached->checked <= fresh)
			json_array_append_new(roles, json_string(reader->role));
	}
	pthread_mutex_unlock(&mutex);
	if (json_array_size(roles) > 0)
		text = json_dumps(roles, JSON_COMPACT);
	json_decref(roles);
	return text;
}

void
rights_remove_expired(void)
{
	pthread_mutex_lock(&mutex);
	for (Reader *reader = readers; reader; reader = reader->hh.next)
		remove_older(reader, now_s() - FORGET_SECONDS);
	pthread_mutex_unlock(&mutex);
}
