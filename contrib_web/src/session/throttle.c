/*
 * throttle.c
 *		Limits on attempts to sign in, per address and per role
 *
 * A few failures have no effect; then each failure doubles the waiting time.
 * Failures are forgotten one by one over time.  A success clears the failures
 * of the role, but for the address only its own attempt: a user with an
 * account must not get more guesses for other accounts.  The waiting time of
 * roles has a low limit, since any attacker who knows a role's name can delay
 * its user.
 *
 * Attempts from devices and addresses from which the role has signed in
 * before (known.c) are counted separately, so that attackers elsewhere do not
 * delay them.  If these fail too often as well, the attempt counts as one
 * from an unknown device.  So a stolen device cookie allows a few more
 * guesses, and a forged one allows none.
 *
 * An attempt counts as failed before it starts, so that concurrent attempts
 * are included.
 */
#include "session/throttle.h"

#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/memory.h"
#include "session/known.h"

#define FORGET_SECONDS 60		/* per failure */
#define MAX_ENTRIES 20000

typedef struct Rule
{
	double		free_failures;
	long		max_wait;		/* seconds */
} Rule;

/* also for known devices and addresses */
static const Rule address_rule = {5, 900};
static const Rule role_rule = {10, 60};

typedef struct Entry
{
	double		failures;
	int64_t		updated;		/* now_s() */
	int64_t		blocked_until;
	UT_hash_handle hh;
	char		key[];
} Entry;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Entry *entries;

/* The one or two entries in which an attempt is counted */
typedef struct Counters
{
	char		keys[2][ATTEMPT_KEY_SIZE];
	const Rule *rules[2];
	int			n;
} Counters;

static void
__attribute__((format(printf, 3, 4)))
add_counter(Counters *counters, const Rule *rule, const char *template,...)
{
	va_list		args;

	va_start(args, template);
	vsnprintf(counters->keys[counters->n], ATTEMPT_KEY_SIZE, template, args);
	va_end(args);
	counters->rules[counters->n++] = rule;
}

static void
choose_counters(Counters *counters, const Attempt *attempt, AttemptKind kind)
{
	Address		network = address_network(attempt->address);
	char		text[ADDRESS_SIZE];

	counters->n = 0;
	address_print(&network, text);
	if (kind == ATTEMPT_BY_DEVICE)
		add_counter(counters, &address_rule, "device %s %s", attempt->device, attempt->role);
	else if (kind == ATTEMPT_BY_ADDRESS)
		add_counter(counters, &address_rule, "known %s %s", text, attempt->role);
	else
	{
		add_counter(counters, &address_rule, "address %s", text);
		add_counter(counters, &role_rule, "role %s", attempt->role);
	}
}

static bool
is_of_kind(const Attempt *attempt, AttemptKind kind)
{
	if (kind == ATTEMPT_BY_DEVICE)
		return known_device(attempt->device, attempt->role);
	return kind == ATTEMPT_UNKNOWN || known_address(attempt->address, attempt->role);
}

/* ---- functions called with the mutex held ---- */

static void
remove_entry(Entry *entry)
{
	HASH_DEL(entries, entry);
	free(entry);
}

static void
decay(Entry *entry, int64_t now)
{
	entry->failures -= (double) (now - entry->updated) / FORGET_SECONDS;
	if (entry->failures < 0)
		entry->failures = 0;
	entry->updated = now;
}

static Entry *
find(const char *key, int64_t now)
{
	Entry	   *entry;

	HASH_FIND_STR(entries, key, entry);
	if (entry == NULL)
	{
		if (HASH_COUNT(entries) >= MAX_ENTRIES)
			remove_entry(entries);	/* the oldest */
		entry = allocate(sizeof(Entry) + strlen(key) + 1);
		strcpy(entry->key, key);
		entry->updated = now;
		HASH_ADD_STR(entries, key, entry);
	}
	decay(entry, now);
	return entry;
}

static long
seconds_left(const Counters *counters, int64_t now)
{
	long		longest = 0;

	for (int i = 0; i < counters->n; i++)
	{
		const Entry *entry;

		HASH_FIND_STR(entries, counters->keys[i], entry);
		if (entry && entry->blocked_until - now > longest)
			longest = entry->blocked_until - now;
	}
	return longest;
}

static void
count_failure(const char *key, const Rule *rule, int64_t now)
{
	Entry	   *entry = find(key, now);
	long		wait = 1;

	entry->failures++;
	if (entry->failures <= rule->free_failures)
		return;
	for (double n = entry->failures - rule->free_failures; n > 1 && wait < rule->max_wait; n--)
		wait *= 2;
	entry->blocked_until = now + (wait < rule->max_wait ? wait : rule->max_wait);
}

static void
remove_failure(const char *key, int64_t now)
{
	Entry	   *entry = find(key, now);

	entry->failures = entry->failures > 1 ? entry->failures - 1 : 0;
	entry->blocked_until = 0;
}

/* ---- interface ---- */

/*
 * Returns 0 if the attempt is allowed as one of this kind, else the seconds
 * to wait.
 */
static long
try_kind(Attempt *attempt, AttemptKind kind)
{
	Counters	counters;
	int64_t		now = now_s();
	long		wait;

	choose_counters(&counters, attempt, kind);
	pthread_mutex_lock(&mutex);
	wait = seconds_left(&counters, now);
	for (int i = 0; wait == 0 && i < counters.n; i++)
		count_failure(counters.keys[i], counters.rules[i], now);
	pthread_mutex_unlock(&mutex);
	attempt->kind = kind;
	return wait;
}

long
throttle_attempt(Attempt *attempt)
{
	long		shortest = LONG_MAX;

	for (AttemptKind kind = 0; kind < N_ATTEMPT_KINDS && shortest > 0; kind++)
	{
		long		wait = is_of_kind(attempt, kind) ? try_kind(attempt, kind) : LONG_MAX;

		if (wait < shortest)
			shortest = wait;
	}
	return shortest;
}

/*
 * Discounts an attempt that did not fail.  A success clears all failures of
 * the role or device, but not those of the address.
 */
static void
discount_attempt(const Attempt *attempt, bool succeeded)
{
	Counters	counters;
	int64_t		now = now_s();

	choose_counters(&counters, attempt, attempt->kind);
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < counters.n; i++)
		if (succeeded && i == counters.n - 1)
			remove_entry(find(counters.keys[i], now));
		else
			remove_failure(counters.keys[i], now);
	pthread_mutex_unlock(&mutex);
}

void
throttle_succeeded(const Attempt *attempt)
{
	discount_attempt(attempt, true);
}

void
throttle_withdraw(const Attempt *attempt)
{
	discount_attempt(attempt, false);
}

void
throttle_remove_expired(void)
{
	Entry	   *entry,
			   *next;
	int64_t		now = now_s();

	pthread_mutex_lock(&mutex);
	HASH_ITER(hh, entries, entry, next)
	{
		decay(entry, now);
		if (entry->failures == 0 && entry->blocked_until <= now)
			remove_entry(entry);
	}
	pthread_mutex_unlock(&mutex);
}
