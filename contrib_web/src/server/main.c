/*
 * main.c
 *		Start, housekeeping and shutdown of locking-web
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/password_file.h"
#include "base/secret.h"
#include "events/events.h"
#include "events/listen.h"
#include "events/presence.h"
#include "events/rights.h"
#include "pool/pool.h"
#include "server/check.h"
#include "server/clients.h"
#include "server/figures.h"
#include "server/metrics.h"
#include "server/routes.h"
#include "server/server.h"
#include "session/session.h"
#include "session/throttle.h"
#include "session/watch.h"

#define DRAIN_SECONDS 3			/* for running requests at shutdown */
#define CANCEL_SECONDS 1		/* and for canceled ones */

/* Each client needs a file descriptor. */
static void
raise_limits(void)
{
	struct rlimit files;

	/* a core dump would contain passwords */
	const struct rlimit no_core = {0, 0};

	setrlimit(RLIMIT_CORE, &no_core);
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < (rlim_t) options.max_connections + options.database_connections + 32)
		log_message("the limit of %lu open files allows fewer connections than max-connections",
					(unsigned long) files.rlim_cur);
}

static bool
check_dsn(void)
{
	char	   *problem = NULL;
	PQconninfoOption *dsn = PQconninfoParse(options.dsn, &problem);

	if (dsn == NULL)
		fprintf(stderr, "locking-web: dsn: %s", problem ? problem : "out of memory\n");
	PQfreemem(problem);
	PQconninfoFree(dsn);
	return dsn != NULL;
}

/* Detects an unusable file at startup, not only in the log. */
static bool
check_password_file(void)
{
	char		password[PASSWORD_SIZE];
	const char *problem;

	if (options.password_file == NULL)
		return true;
	if (!password_file_read(options.password_file, password, &problem))
	{
		report_error(options.password_file, problem);
		return false;
	}
	explicit_bzero(password, sizeof(password));
	return true;
}

static void
run_housekeeping(void)
{
	session_end_expired();
	pool_close_expired();
	clients_close_expired();
	events_send_keepalives();
	rights_remove_expired();
	presence_remove_expired(now_us() / 1000);
	throttle_remove_expired();
}

static void
run_until_signal(const sigset_t *signals)
{
	const struct timespec second = {1, 0};

	while (sigtimedwait(signals, NULL, &second) < 0)
		run_housekeeping();
}

static void *
cancel_all(void *arg)
{
	(void) arg;
	pool_cancel_all();
	return NULL;
}

/*
 * Cancels in a separate thread, as it waits for the server, which may not
 * respond.
 */
static void
start_cancelling(void)
{
	pthread_t	thread;

	if (pthread_create(&thread, NULL, cancel_all, NULL) == 0)
		pthread_detach(thread);
}

/*
 * Completes running requests and stops, after DRAIN_SECONDS + CANCEL_SECONDS
 * at the latest.
 */
static void
shut_down(void)
{
	log_message("stopping");
	server_quiesce();
	events_end_all();
	listen_end();
	watch_end();
	if (!server_wait(DRAIN_SECONDS))
		start_cancelling();
	if (!server_wait(CANCEL_SECONDS) || !listen_join() || !watch_join())
	{
		log_message("stopped, with requests cut off");
		_exit(0);
	}
	server_stop();
	session_end_all();
	pool_close(&service_pool);
	log_message("stopped");
}

int
main(int argc, char **argv)
{
	sigset_t	signals;

	options_read(argc, argv);
	if (!address_trust_proxies() || !check_dsn())
		return 2;
	if (options.check)
		return check_setup() ? 0 : 1;
	mallopt(M_ARENA_MAX, 2);	/* avoid a separate heap for each worker */
	raise_limits();
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	secret_init(options.max_sessions + options.workers);
	metrics_init(routes);
	events_init();
	presence_init();
	if (!check_password_file() || !server_start())
		return 1;
	listen_start();
	watch_start(figures_take);
	run_until_signal(&signals);
	shut_down();
	return 0;
}
