/*
 * metrics.c
 *		/metrics, in the text format of Prometheus.
 */
#include "server/metrics.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "events/budget.h"
#include "events/events.h"
#include "events/listen.h"
#include "http/reply.h"
#include "http/request_data.h"
#include "pool/pool.h"
#include "server/workers.h"
#include "session/session.h"

#define MAX_STATUS 600

static const double bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

#define N_BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

typedef struct RouteMetrics
{
	unsigned long statuses[MAX_STATUS];
	unsigned long buckets[N_BOUNDS];	/* not cumulative */
	unsigned long count;
	double		sum;
} RouteMetrics;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* allocated when a route is first used, with the mutex held */
static RouteMetrics **by_route;
static const Route *routes;

/* index of the entry for requests without a route */
static size_t n_routes;

void
metrics_init(const Route *all_routes)
{
	routes = all_routes;
	while (routes[n_routes].pattern)
		n_routes++;
	by_route = allocate((n_routes + 1) * sizeof(RouteMetrics *));
}

static RouteMetrics *
metrics_of(const Route *route)
{
	size_t		i = route ? (size_t) (route - routes) : n_routes;

	if (by_route[i] == NULL)
		by_route[i] = allocate(sizeof(RouteMetrics));
	return by_route[i];
}

static void
count(RouteMetrics *metrics, const Request *req, double seconds)
{
	size_t		bucket = 0;

	if (req->status < MAX_STATUS)
		metrics->statuses[req->status]++;
	if (req->reader)
		/* the duration of a stream is no response time */
		return;
	metrics->count++;
	metrics->sum += seconds;
	while (bucket < N_BOUNDS && seconds > bounds[bucket])
		bucket++;
	if (bucket < N_BOUNDS)
		metrics->buckets[bucket]++;
}

void
metrics_count(const Request *req, double seconds)
{
	pthread_mutex_lock(&mutex);
	count(metrics_of(req->route), req, seconds);
	pthread_mutex_unlock(&mutex);
}

/* ---- the page, built in the request's memory ---- */

#define LABELS "method=\"%s\",route=\"%s%s\""
#define LABEL_VALUES(i) method_of(i), routes[i].pattern && routes[i].flags & ROUTE_AJAX ? "ajax-base/" : "", \
	routes[i].pattern ? routes[i].pattern : "none"

static const char *
method_of(size_t i)
{
	return i < n_routes ? method_names[routes[i].method] : "any";
}

static void
print_requests(struct obstack *page)
{
	obstack_printf(page, "# HELP locking_web_requests_total Requests answered.\n"
				   "# TYPE locking_web_requests_total counter\n");
	for (size_t i = 0; i <= n_routes; i++)
		for (int status = 0; by_route[i] && status < MAX_STATUS; status++)
			if (by_route[i]->statuses[status])
				obstack_printf(page, "locking_web_requests_total{" LABELS ",status=\"%d\"} %lu\n", LABEL_VALUES(i),
							   status, by_route[i]->statuses[status]);
}

static void
print_histogram(struct obstack *page, size_t i)
{
	const RouteMetrics *metrics = by_route[i];
	unsigned long total = 0;

	for (size_t bucket = 0; bucket < N_BOUNDS; bucket++)
	{
		total += metrics->buckets[bucket];
		obstack_printf(page, "locking_web_request_seconds_bucket{" LABELS ",le=\"%g\"} %lu\n", LABEL_VALUES(i),
					   bounds[bucket], total);
	}
	obstack_printf(page, "locking_web_request_seconds_bucket{" LABELS ",le=\"+Inf\"} %lu\n", LABEL_VALUES(i),
				   metrics->count);
	obstack_printf(page, "locking_web_request_seconds_sum{" LABELS "} %.6f\n", LABEL_VALUES(i), metrics->sum);
	obstack_printf(page, "locking_web_request_seconds_count{" LABELS "} %lu\n", LABEL_VALUES(i), metrics->count);
}

static void
print_histograms(struct obstack *page)
{
	obstack_printf(page, "# HELP locking_web_request_seconds From a request's beginning to its answer.\n"
				   "# TYPE locking_web_request_seconds histogram\n");
	for (size_t i = 0; i <= n_routes; i++)
		if (by_route[i] && by_route[i]->count)
			print_histogram(page, i);
}

static void
print_number(struct obstack *page, const char *name, const char *type, const char *help, long value)
{
	obstack_printf(page, "# HELP locking_web_%s %s\n# TYPE locking_web_%s %s\nlocking_web_%s %ld\n",
				   name, help, name, type, name, value);
}

static void
print_numbers(struct obstack *page)
{
	EventCounts events = events_counts();
	long		waiting,
				running,
				open,
				idle;

	workers_counts(&waiting, &running);
	pool_counts(&open, &idle);
	print_number(page, "sessions", "gauge", "Open sessions.", session_count());
	print_number(page, "streams", "gauge", "Open event streams.", events.streams);
	print_number(page, "requests_waiting", "gauge", "Requests waiting for a worker.", waiting);
	print_number(page, "requests_running", "gauge", "Requests running in a worker.", running);
	print_number(page, "database_connections", "gauge", "Connections to the database, except the one for events.", open);
	print_number(page, "database_connections_idle", "gauge", "Idle connections to the database.", idle);
	print_number(page, "events_total", "counter", "Events received from the database.", events.published);
	print_number(page, "events_dropped_total", "counter", "Notifications dropped because of the rate limit.", budget_dropped());
	print_number(page, "stream_resets_total", "counter", "Resets sent on streams.", events.resets);
	print_number(page, "streams_dropped_total", "counter", "Streams closed for being too slow.", events.dropped);
	print_number(page, "notify_reconnects_total", "counter", "Reconnections of the connection for events.",
				 listen_reconnects());
}

void
get_metrics(Request *req)
{
	struct obstack *page = &req->memory;

	pthread_mutex_lock(&mutex);
	print_requests(page);
	print_histograms(page);
	pthread_mutex_unlock(&mutex);
	print_numbers(page);
	obstack_1grow(page, '\0');
	reply_text(req, 200, "text/plain; version=0.0.4", obstack_finish(page));
}
