/*
 * watch.c
 *		Thread that ends sessions whose role can no longer sign in
 *
 * PostgreSQL checks a role's password, its LOGIN attribute, pg_hba.conf and
 * the like only when a connection begins.  So each session's role reconnects
 * every options.reauthenticate seconds, either for a request (pool.c) or
 * here.
 */
#include "session/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "session/session.h"

static pthread_t thread;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static bool stopping;
static void (*each_second) (void);

/* Waits for a second.  Returns false if the program is stopping. */
static bool
wait_briefly(void)
{
	struct timespec until;
	bool		running;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	pthread_mutex_lock(&mutex);
	if (!stopping)
		pthread_cond_timedwait(&wake, &mutex, &until);
	running = !stopping;
	pthread_mutex_unlock(&mutex);
	return running;
}

static bool
is_stopping(void)
{
	bool		is;

	pthread_mutex_lock(&mutex);
	is = stopping;
	pthread_mutex_unlock(&mutex);
	return is;
}

static void *
watcher(void *arg)
{
	(void) arg;
	while (wait_briefly())
	{
		Session    *session;

		while (!is_stopping() && (session = session_to_verify()) != NULL)
		{
			session_verify(session);
			session_release(session);
		}
		if (!is_stopping())
			each_second();
	}
	return NULL;
}

void
watch_start(void (*function) (void))
{
	each_second = function;
	if (pthread_create(&thread, NULL, watcher, NULL) != 0)
		abort();
}

void
watch_end(void)
{
	pthread_mutex_lock(&mutex);
	stopping = true;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&mutex);
}

bool
watch_join(void)
{
	struct timespec soon;

	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_sec++;
	return pthread_timedjoin_np(thread, NULL, &soon) == 0;
}
