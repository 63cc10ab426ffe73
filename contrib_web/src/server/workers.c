/*
 * workers.c
 *		Worker threads that run handlers, and their queue
 *
 * The mutex protects parties and lanes, and is not held while a handler runs.
 */
#include "server/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

#include "base/memory.h"
#include "base/options.h"
#include "http/request_data.h"

#define STACK_SIZE (512UL * 1024)	/* for libpq with TLS and name services */
#define PARTY_PART 4			/* a party can use a quarter of the queue */

/* A party exists as long as it has requests. */
typedef struct Party
{
	long		running;
	long		n_waiting;
	Request    *waiting;
	/* round-robin list: last served party at the end */
	struct Party *prev,
			   *next;
	UT_hash_handle hh;
	char		name[];
} Party;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static Party *parties;			/* hash */
static Party *turns;			/* all of them */
static long n_waiting;
static long n_running;
static bool stopping;
static pthread_t *threads;
static void (*run_request) (Request *req);
static void (*request_done) (Request *req);

/* ---- parties; functions called with the mutex held ---- */

static Party *
find_party(const char *name)
{
	Party	   *party;

	HASH_FIND_STR(parties, name, party);
	if (party)
		return party;
	party = allocate(sizeof(Party) + strlen(name) + 1);
	strcpy(party->name, name);
	HASH_ADD_STR(parties, name, party);
	DL_APPEND(turns, party);
	return party;
}

static void
forget_idle(Party *party)
{
	if (party->running > 0 || party->n_waiting > 0)
		return;
	HASH_DEL(parties, party);
	DL_DELETE(turns, party);
	free(party);
}

/* Returns the party's first request whose lane has room, or NULL. */
static Request *
ready_of(const Party *party)
{
	Request    *req;

	if (party->running >= (options.workers + 1) / 2)
		return NULL;
	DL_FOREACH(party->waiting, req)
	{
		if (req->lane->running < options.requests_per_session)
			return req;
	}
	return NULL;
}

/* Returns the next request to run, or NULL. */
static Request *
ready_request(void)
{
	Party	   *party;
	Request    *req = NULL;

	DL_FOREACH(turns, party)
	{
		if ((req = ready_of(party)) != NULL)
			break;
	}
	return req;
}

/* ---- the queue ---- */

Admission
workers_submit(Request *req, const char *name, Lane *lane)
{
	Admission	admission = ADMITTED;
	Party	   *party;

	pthread_mutex_lock(&mutex);
	party = find_party(name);
	if (n_waiting >= options.queue || stopping)
		admission = ALL_FULL;
	else if (party->n_waiting > options.queue / PARTY_PART)
		admission = PARTY_FULL;
	else
	{
		req->lane = lane;
		req->party = party;
		DL_APPEND(party->waiting, req);
		party->n_waiting++;
		n_waiting++;
		pthread_cond_signal(&work);
	}
	forget_idle(party);
	pthread_mutex_unlock(&mutex);
	return admission;
}

/*
 * Waits for a request to run; NULL if the threads are stopping.  The caller
 * holds the mutex.
 */
static Request *
dequeue(void)
{
	Request    *req;
	Party	   *party;

	while ((req = ready_request()) == NULL && !stopping)
		pthread_cond_wait(&work, &mutex);
	if (req == NULL)
		return NULL;
	party = req->party;
	DL_DELETE(party->waiting, req);
	party->n_waiting--;
	party->running++;
	DL_DELETE(turns, party);
	DL_APPEND(turns, party);
	req->lane->running++;
	n_waiting--;
	n_running++;
	return req;
}

/*
 * Marks a request as no longer running.  The caller holds the mutex, and will
 * look for the next request itself.
 */
static void
leave(Request *req)
{
	req->lane->running--;
	req->party->running--;
	n_running--;
	forget_idle(req->party);
}

static void *
worker(void *arg)
{
	Request    *req;

	(void) arg;
	pthread_mutex_lock(&mutex);
	while ((req = dequeue()) != NULL)
	{
		pthread_mutex_unlock(&mutex);
		run_request(req);
		pthread_mutex_lock(&mutex);
		leave(req);
		pthread_mutex_unlock(&mutex);
		request_done(req);
		pthread_mutex_lock(&mutex);
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

void
workers_start(void (*run) (Request *req), void (*done) (Request *req))
{
	pthread_attr_t attributes;

	run_request = run;
	request_done = done;
	threads = allocate(options.workers * sizeof(pthread_t));
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	for (long i = 0; i < options.workers; i++)
		if (pthread_create(&threads[i], &attributes, worker, NULL) != 0)
			abort();
	pthread_attr_destroy(&attributes);
}

void
workers_stop(void)
{
	pthread_mutex_lock(&mutex);
	stopping = true;
	pthread_cond_broadcast(&work);
	pthread_mutex_unlock(&mutex);
	for (long i = 0; i < options.workers; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

void
workers_counts(long *waiting, long *running)
{
	pthread_mutex_lock(&mutex);
	*waiting = n_waiting;
	*running = n_running;
	pthread_mutex_unlock(&mutex);
}
