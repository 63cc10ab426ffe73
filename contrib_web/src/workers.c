/*
 * workers.c
 *		Threads that run handlers, and the queue in front of them.
 *
 * The mutex guards queue and lanes, and is not held while a handler runs.
 */
#include "workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <utlist.h>

#include "memory.h"
#include "options.h"

#define STACK_SIZE (512UL * 1024)	/* for libpq with TLS and name services */
#define LANE_PART 4				/* a lane may have one in so many of those that may wait */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static Request *queue;
static long n_waiting;			/* in the queue and in lanes */
static long n_running;
static bool stopping;
static pthread_t *threads;
static void (*run_request) (Request *req);
static void (*request_done) (Request *req);

/* With the mutex held. */
static void
enqueue(Request *req)
{
	req->lane->running++;
	DL_APPEND(queue, req);
	pthread_cond_signal(&work);
}

/* With the mutex held. */
static void
wait_in_lane(Request *req)
{
	req->lane->n_waiting++;
	DL_APPEND(req->lane->waiting, req);
}

bool
workers_submit(Request *req, Lane *lane)
{
	bool		room;

	pthread_mutex_lock(&mutex);
	room = n_waiting < options.queue && lane->n_waiting <= options.queue / LANE_PART && !stopping;
	if (room)
	{
		n_waiting++;
		req->lane = lane;
		if (lane->running < options.requests_per_session)
			enqueue(req);
		else
			wait_in_lane(req);
	}
	pthread_mutex_unlock(&mutex);
	return room;
}

/* With the mutex held: the next request, or NULL at the end. */
static Request *
dequeue(void)
{
	Request    *req;

	while (queue == NULL && !stopping)
		pthread_cond_wait(&work, &mutex);
	req = queue;
	if (req == NULL)
		return NULL;
	DL_DELETE(queue, req);
	n_waiting--;
	n_running++;
	return req;
}

/* With the mutex held. */
static void
leave_lane(Lane *lane)
{
	Request    *next = lane->waiting;

	lane->running--;
	n_running--;
	if (next == NULL)
		return;
	lane->n_waiting--;
	DL_DELETE(lane->waiting, next);
	enqueue(next);
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
		leave_lane(req->lane);
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
