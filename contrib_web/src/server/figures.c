/*
 * figures.c
 *		Figures of locking.stats over time
 *
 * The counters of locking.stats have no history, and refused writes leave no
 * event, as their transactions abort.  So the service role reads the counters
 * each minute, if it is a member of pg_monitor.  /metrics shows the latest
 * sample, the overview page those of a day.
 *
 * Samples are kept as the text that the database has made, for which neither
 * /metrics nor the page need a structure here.
 */
#include "server/figures.h"

#include <pthread.h>

#include "api/plan.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "events/events.h"
#include "http/reply.h"
#include "http/request_data.h"
#include "pool/pool.h"
#include "session/session.h"

#define SAMPLE_SECONDS 60
#define KEEP_EVERY 5			/* one of so many samples is kept */
#define N_KEPT (24 * 60 / KEEP_EVERY)	/* for a day */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char *latest;			/* NULL: none */
static char *kept[N_KEPT];		/* a ring; NULL: none yet */
static unsigned long n_taken;

/* only of the thread that calls figures_take() */
static int64_t next_at;			/* now_s() */
static bool refusal_logged;

/* ---- taking samples ---- */

/* Reports once which statement is missing. */
static void
log_missing_grant(const char *statement)
{
	if (!refusal_logged)
		log_message("no figures over time: the role of locking-web may not read locking.stats (hint: %s)", statement);
	refusal_logged = true;
}

/*
 * Whether the role may read the figures.  Each attempt without the privilege
 * would be an error in PostgreSQL's log.
 */
static bool
may_read_figures(PGconn *pg)
{
	PGresult   *result = PQexec(pg, statement_missing_grant.sql);
	bool		found = PQresultStatus(result) == PGRES_TUPLES_OK;
	bool		granted = found && PQgetisnull(result, 0, 0);

	if (found && !granted)
		log_missing_grant(PQgetvalue(result, 0, 0));
	PQclear(result);
	return granted;
}

/* Returns the sample's text, or NULL. */
static char *
read_sample(PGconn *pg)
{
	PGresult   *result = PQexec(pg, statement_sample.sql);
	char	   *sample = PQresultStatus(result) == PGRES_TUPLES_OK ? copy_text(PQgetvalue(result, 0, 0)) : NULL;

	PQclear(result);
	return sample;
}

/* Returns a sample's text; NULL if none can be taken. */
static char *
take_sample(void)
{
	ConnectError error;
	DbConnection *connection = pool_acquire(&service_pool, &error);
	char	   *sample;

	if (connection == NULL)
		return NULL;
	sample = may_read_figures(connection->pg) ? read_sample(connection->pg) : NULL;
	pool_release(connection);
	return sample;
}

/* The caller holds the mutex. */
static void
keep(const char *sample)
{
	char	  **place = &kept[n_taken / KEEP_EVERY % N_KEPT];

	if (n_taken++ % KEEP_EVERY != 0)
		return;
	free(*place);
	*place = copy_text(sample);
}

void
figures_take(void)
{
	char	   *sample;

	if (now_s() < next_at)
		return;
	sample = take_sample();
	next_at = now_s() + SAMPLE_SECONDS;
	pthread_mutex_lock(&mutex);
	free(latest);
	latest = sample;
	if (sample)
		keep(sample);
	pthread_mutex_unlock(&mutex);
}

/* ---- reading them ---- */

json_t *
figures_latest(void)
{
	json_t	   *sample;

	pthread_mutex_lock(&mutex);
	sample = latest ? json_loads(latest, 0, NULL) : NULL;
	pthread_mutex_unlock(&mutex);
	return sample;
}

/* Returns the samples as a JSON array, the oldest first. */
static const char *
samples_json(Request *req)
{
	struct obstack *text = &req->memory;
	const char *separator = "";

	obstack_1grow(text, '[');
	pthread_mutex_lock(&mutex);
	for (size_t i = 0; i < N_KEPT; i++)
	{
		const char *sample = kept[((n_taken + KEEP_EVERY - 1) / KEEP_EVERY + i) % N_KEPT];

		if (sample == NULL)
			continue;
		obstack_printf(text, "%s%s", separator, sample);
		separator = ",";
	}
	pthread_mutex_unlock(&mutex);
	obstack_grow0(text, "]", 1);
	return obstack_finish(text);
}

void
get_overview(Request *req)
{
	PGresult   *now = db_run(req, sql_overview());

	if (now != NULL)
		reply_json(req, 200, request_printf(req, "{\"now\":%s,\"sessions\":%ld,\"streams\":%ld,\"samples\":%s}", db_value(now),
											session_count(), events_counts().streams, samples_json(req)));
}
