/*
 * workers.c
 *		Worker threads that run handlers, and their queue
 *
 * The mutex protects the queues and the numbers of running requests.  It is
 * not held while a handler runs.
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
#define CLIENT_QUEUE_FRACTION 4 /* a client can use a quarter of options.queue */

/* The queue of a client, which exists as long as the client has requests */
typedef struct ClientQueue
{
	long		running;
	long		n_waiting;
	Request    *waiting;
	/* round-robin list: last served queue at the end */
	struct ClientQueue *prev,
			   *next;
	UT_hash_handle hh;
	char		name[];
} ClientQueue;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static ClientQueue *queues;		/* hash */
static ClientQueue *round_robin;	/* all of them */
static long n_waiting;
static long n_running;
static bool stopping;
static pthread_t *threads;
static void (*run_request) (Request *req);
static void (*request_done) (Request *req);

/* ---- queues of clients; functions called with the mutex held ---- */

static ClientQueue *
find_queue(const char *name)
{
	ClientQueue *queue;

	HASH_FIND_STR(queues, name, queue);
	if (queue)
		return queue;
	queue = allocate(sizeof(ClientQueue) + strlen(name) + 1);
	strcpy(queue->name, name);
	HASH_ADD_STR(queues, name, queue);
	DL_APPEND(round_robin, queue);
	return queue;
}

static void
remove_if_idle(ClientQueue *queue)
{
	if (queue->running > 0 || queue->n_waiting > 0)
		return;
	HASH_DEL(queues, queue);
	DL_DELETE(round_robin, queue);
	free(queue);
}

/* Returns the first request whose session is below its limit, or NULL. */
static Request *
next_of_queue(const ClientQueue *queue)
{
	Request    *req;

	if (queue->running >= (options.workers + 1) / 2)
		return NULL;
	DL_FOREACH(queue->waiting, req)
	{
		if (req->running_count->running < options.requests_per_session)
			return req;
	}
	return NULL;
}

/* Returns the next request to run, or NULL. */
static Request *
next_request(void)
{
	ClientQueue *queue;
	Request    *req = NULL;

	DL_FOREACH(round_robin, queue)
	{
		if ((req = next_of_queue(queue)) != NULL)
			break;
	}
	return req;
}

/* ---- queueing and running ---- */

Admission
workers_submit(Request *req, const char *name, RunningCount *running_count)
{
	Admission	admission = ADMITTED;
	ClientQueue *queue;

	pthread_mutex_lock(&mutex);
	queue = find_queue(name);
	if (n_waiting >= options.queue || stopping)
		admission = QUEUE_FULL;
	else if (queue->n_waiting > options.queue / CLIENT_QUEUE_FRACTION)
		admission = CLIENT_QUEUE_FULL;
	else
	{
		req->running_count = running_count;
		req->queue = queue;
		DL_APPEND(queue->waiting, req);
		queue->n_waiting++;
		n_waiting++;
		pthread_cond_signal(&work);
	}
	remove_if_idle(queue);
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
	ClientQueue *queue;

	while ((req = next_request()) == NULL && !stopping)
		pthread_cond_wait(&work, &mutex);
	if (req == NULL)
		return NULL;
	queue = req->queue;
	DL_DELETE(queue->waiting, req);
	queue->n_waiting--;
	queue->running++;
	DL_DELETE(round_robin, queue);
	DL_APPEND(round_robin, queue);
	req->running_count->running++;
	n_waiting--;
	n_running++;
	return req;
}

/*
 * Marks a request as no longer running.  The caller holds the mutex, and will
 * look for the next request itself.
 */
static void
finish(Request *req)
{
	req->running_count->running--;
	req->queue->running--;
	n_running--;
	remove_if_idle(req->queue);
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
		finish(req);
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
