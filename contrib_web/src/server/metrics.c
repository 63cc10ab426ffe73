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
#include "events/presence.h"
#include "http/reply.h"
#include "http/request_data.h"
#include "pool/pool.h"
#include "server/figures.h"
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
	print_number(page, "people_present", "gauge", "Tabs of all processes in which a row is open.", presence_count());
	print_number(page, "requests_waiting", "gauge", "Requests waiting for a worker.", waiting);
	print_number(page, "requests_running", "gauge", "Requests running in a worker.", running);
	print_number(page, "database_connections", "gauge", "Connections to the database, except the one for events.", open);
	print_number(page, "database_connections_idle", "gauge", "Idle connections to the database.", idle);
	print_number(page, "events_total", "counter", "Events of locks and of presence sent to streams.", events.published);
	print_number(page, "events_dropped_total", "counter", "Notifications dropped because of the rate limit.", budget_dropped());
	print_number(page, "stream_resets_total", "counter", "Resets sent on streams.", events.resets);
	print_number(page, "streams_dropped_total", "counter", "Streams closed for being too slow.", events.dropped);
	print_number(page, "notify_reconnects_total", "counter", "Reconnections of the connection for events.",
				 listen_reconnects());
}

/* ---- figures of the database, as of the latest sample ---- */

typedef struct Figure
{
	const char *member;			/* of the sample */
	const char *name;
	const char *type;
	const char *help;
} Figure;

static const Figure table_figures[] = {
	{"live_locks", "live_locks", "gauge", "Locks that have not ended."},
	{"longest_held", "longest_held_seconds", "gauge", "Time for which the oldest lock has been held."},
	{"acquisitions", "acquisitions_total", "counter", "New locks."},
	{"refused_acquisitions", "refused_acquisitions_total", "counter", "Calls that found the row locked."},
	{"refused_writes", "refused_writes_total", "counter", "Statements that the guard rejected."},
	{"takeovers", "takeovers_total", "counter", "Locks taken over."},
	{"breaks", "breaks_total", "counter", "Locks broken."},
	{"expiries", "expiries_total", "counter", "Locks that expired."},
	{"resumptions", "resumptions_total", "counter", "Locks resumed after they had expired."},
	{"lost", "lost_total", "counter", "Errors about lost locks."},
	{NULL, NULL, NULL, NULL}
};

static const Figure gate_figures[] = {
	{"enabled", "gate_enabled", "gauge", "Whether there is a gate."},
	{"filled", "gate_filled", "gauge", "Whether the gate answers in this database."},
	{"slots", "gate_slots", "gauge", "Slots of the gate."},
	{"occupied", "gate_slots_occupied", "gauge", "Slots of locks that have not expired."},
	{"overflowed", "gate_slots_overflowed", "gauge", "Occupied slots that are for all keys of their bucket."},
	{"checks", "gate_checks_total", "counter", "Rows checked against the gate."},
	{"lookups", "gate_lookups_total", "counter", "Checks that had to look up the record."},
	{"false_positives", "gate_false_positives_total", "counter", "Lookups that found no record."},
	{NULL, NULL, NULL, NULL}
};

static void
print_heading(struct obstack *page, const Figure *figure)
{
	obstack_printf(page, "# HELP locking_%s %s\n# TYPE locking_%s %s\n", figure->name, figure->help, figure->name, figure->type);
}

/* Numbers and booleans; a null is left out. */
static void
print_value(struct obstack *page, const json_t *value)
{
	obstack_printf(page, "%.15g\n", json_is_boolean(value) ? json_boolean_value(value) : json_number_value(value));
}

static void
print_label(struct obstack *page, const char *text)
{
	for (; *text; text++)
		if (*text == '\n')
			obstack_printf(page, "\\n");
		else
			obstack_printf(page, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
}

static void
print_table_figure(struct obstack *page, const json_t *tables, const Figure *figure)
{
	size_t		i;
	json_t	   *table;

	print_heading(page, figure);
	json_array_foreach(tables, i, table)
	{
		const json_t *value = json_object_get(table, figure->member);

		if (json_is_null(value))
			continue;
		obstack_printf(page, "locking_%s{table=\"", figure->name);
		print_label(page, json_string_value(json_object_get(table, "table")));
		obstack_printf(page, "\"} ");
		print_value(page, value);
	}
}

static void
print_gate_figure(struct obstack *page, const json_t *gate, const Figure *figure)
{
	const json_t *value = json_object_get(gate, figure->member);

	if (json_is_null(value))
		return;
	print_heading(page, figure);
	obstack_printf(page, "locking_%s ", figure->name);
	print_value(page, value);
}

static void
print_figures(struct obstack *page)
{
	json_t	   *sample = figures_latest();

	if (sample == NULL)
		return;
	for (const Figure *figure = table_figures; figure->member; figure++)
		print_table_figure(page, json_object_get(sample, "tables"), figure);
	for (const Figure *figure = gate_figures; figure->member; figure++)
		print_gate_figure(page, json_object_get(sample, "gate"), figure);
	json_decref(sample);
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
	print_figures(page);
	obstack_1grow(page, '\0');
	reply_text(req, 200, "text/plain; version=0.0.4", obstack_finish(page));
}
