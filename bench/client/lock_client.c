/*
 * lock_client.c
 *		Load generator for lock services: clients that acquire and release
 *		locks in a loop, with one thread and one event loop for every service.
 *
 *	lock_client [-r] -c CLIENTS -s SECONDS -k KEYS
 *				SERVICE WHERE ACQUIRE PROCEED
 *
 * Each client acquires a random key of 1 to KEYS, and after a refusal another
 * one immediately.  With -r each client acquires a key that no other client
 * uses, and then repeats PROCEED.
 *
 * Measuring starts when every client has received its first answers, so that
 * connections and caches are warm.  Prints, separated by blanks: rounds
 * (pairs, or with -r renewals) per second; the 99th percentiles of the time
 * of an answer and of an acquisition, in ms (the latter from the first
 * request to the grant, or to the end of the run); and refusals per second.
 */
#include "lock_client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "sample.h"

/* PostgreSQL plans a prepared statement five times before it keeps a plan. */
#define WARM_UP_ANSWERS 16
#define MAX_EVENTS 64

typedef struct Load
{
	int			nclients;
	double		seconds;
	int			keys;
	bool		renewing;
	const Service *service;
	Client	   *clients;
	int			epoll;
	int			cold;			/* clients still warming up */
	int			busy;			/* clients waiting for an answer */
	int64_t		start;			/* of the measurement, in us; 0: not yet */
	int64_t		end;
	int64_t		rounds;
	int64_t		refused;
	Sample		answers;
	Sample		locks;
} Load;

void
die(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* xorshift: the same keys in every run and for every service. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void
choose_key(const Load *load, Client *client)
{
	uint64_t	key = load->renewing ? (uint64_t) client->number : next_random(&client->random) % load->keys + 1;

	snprintf(client->key, sizeof(client->key), "%d", (int) key);
}

static void
ask(Load *load, Client *client)
{
	client->asked_at = now_us();
	client->busy = true;
	load->busy++;
	load->service->ask(client);
}

static void
request_lock(Load *load, Client *client)
{
	client->step = ACQUIRE;
	choose_key(load, client);
	ask(load, client);
}

static bool
measuring(const Load *load, int64_t now)
{
	return load->start && now < load->end;
}

static void
count_answer(Load *load, Client *client, Answer answer, int64_t now)
{
	if (++client->answers == WARM_UP_ANSWERS && --load->cold == 0)
	{
		load->start = now;
		load->end = now + (int64_t) (load->seconds * 1000000);
	}
	if (!measuring(load, now))
		return;
	sample_add(&load->answers, now - client->asked_at);
	if (answer == REFUSED)
		load->refused++;
	else if (client->step == PROCEED)
		load->rounds++;
	else
		sample_add(&load->locks, now - client->wanted_since);
}

/*
 * The next request of a client.  At the end of the run a client that holds a
 * lock still releases it.  The time of one that is still waiting counts,
 * since the result would otherwise hide starvation.
 */
static void
proceed(Load *load, Client *client, Answer answer, int64_t now)
{
	bool		over = load->start && now >= load->end;
	bool		holds = client->step == ACQUIRE && answer == GRANTED;

	if (holds || (load->renewing && answer == GRANTED && !over))
	{
		client->step = PROCEED;
		ask(load, client);
	}
	else if (!over)
	{
		if (client->step == PROCEED)
			client->wanted_since = now;
		request_lock(load, client);
	}
	else if (client->step == ACQUIRE)
		sample_add(&load->locks, now - client->wanted_since);
}

static void
take_answer(Load *load, Client *client)
{
	Answer		answer = load->service->answer(client);
	int64_t		now = now_us();

	if (answer == PENDING)
		return;
	client->busy = false;
	load->busy--;
	count_answer(load, client, answer, now);
	proceed(load, client, answer, now);
}

static void
start_clients(Load *load, const char *where, const char *acquire, const char *proceed)
{
	for (int i = 0; i < load->nclients; i++)
	{
		Client	   *client = &load->clients[i];
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

		client->number = i + 1;
		client->random = UINT64_C(0x9E3779B97F4A7C15) * client->number;
		snprintf(client->owner, sizeof(client->owner), "client %d", client->number);
		load->service->connect(client, where, acquire, proceed);
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->service->socket(client), &event) != 0)
			die("epoll: %m");
	}
	for (int i = 0; i < load->nclients; i++)
	{
		load->clients[i].wanted_since = now_us();
		request_lock(load, &load->clients[i]);
	}
}

static void
run(Load *load)
{
	struct epoll_event events[MAX_EVENTS];

	while (load->busy > 0)
	{
		int			count = epoll_wait(load->epoll, events, MAX_EVENTS, -1);

		for (int i = 0; i < count; i++)
			take_answer(load, events[i].data.ptr);
	}
}

static void
report(Load *load)
{
	printf("%.1f %.3f %.3f %.1f\n", load->rounds / load->seconds,
		   sample_percentile(&load->answers, 99), sample_percentile(&load->locks, 99),
		   load->refused / load->seconds);
}

static const Service *
service_named(const char *name)
{
	if (strcmp(name, "postgres") == 0)
		return &postgres_service;
	if (strcmp(name, "redis") == 0)
		return &redis_service;
	die("no such service: %s", name);
}

static void
parse_options(Load *load, int argc, char **argv)
{
	int			option;

	while ((option = getopt(argc, argv, "rc:s:k:")) != -1)
		switch (option)
		{
			case 'r':
				load->renewing = true;
				break;
			case 'c':
				load->nclients = atoi(optarg);
				break;
			case 's':
				load->seconds = atof(optarg);
				break;
			case 'k':
				load->keys = atoi(optarg);
				break;
			default:
				exit(2);
		}
	if (argc - optind != 4 || load->nclients < 1 || load->seconds <= 0 || load->keys < 1)
		die("usage: lock_client [-r] -c CLIENTS -s SECONDS -k KEYS postgres|redis WHERE ACQUIRE PROCEED");
}

int
main(int argc, char **argv)
{
	Load		load = {0};

	parse_options(&load, argc, argv);
	load.service = service_named(argv[optind]);
	load.clients = calloc(load.nclients, sizeof(Client));
	load.cold = load.nclients;
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load.clients == NULL || load.epoll < 0)
		die("%m");
	start_clients(&load, argv[optind + 1], argv[optind + 2], argv[optind + 3]);
	run(&load);
	for (int i = 0; i < load.nclients; i++)
		load.service->disconnect(&load.clients[i]);
	report(&load);
	return 0;
}
