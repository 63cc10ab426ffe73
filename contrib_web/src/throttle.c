/*
 * throttle.c
 *		Limits attempts to sign in, per address and per role.
 *
 * A few failures are free; then each doubles the time until the next attempt.  They are
 * forgotten one by one with time.  A success clears the role's failures, but only its own
 * of the address: who has an account must not get guesses at others' for nothing.  Roles have
 * a low limit on the time, since whoever knows a name can have its owner wait.
 *
 * An attempt counts as failed before it is made: those under way at the same time count, too.
 */
#include "throttle.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "clock.h"
#include "memory.h"

#define FORGET_SECONDS 60		/* per failure */
#define MAX_ENTRIES 20000

typedef struct Rule
{
	double		free;			/* failures */
	long		longest;		/* seconds */
} Rule;

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

#define KEY_SIZE 80				/* of an address, or a role's 63 bytes */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Entry *entries;

static void
address_key(char key[KEY_SIZE], const Address *address)
{
	Address		network = address_network(address);
	char		text[ADDRESS_SIZE];

	address_print(&network, text);
	snprintf(key, KEY_SIZE, "address %s", text);
}

static void
role_key(char key[KEY_SIZE], const char *role)
{
	snprintf(key, KEY_SIZE, "role %s", role);
}

/* ---- with the mutex held ---- */

static void
forget(Entry *entry)
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
			forget(entries);	/* the oldest */
		entry = allocate(sizeof(Entry) + strlen(key) + 1);
		strcpy(entry->key, key);
		entry->updated = now;
		HASH_ADD_STR(entries, key, entry);
	}
	decay(entry, now);
	return entry;
}

static long
left(const char *key, int64_t now)
{
	const Entry *entry;

	HASH_FIND_STR(entries, key, entry);
	return entry && entry->blocked_until > now ? entry->blocked_until - now : 0;
}

static void
count_failure(const char *key, const Rule *rule, int64_t now)
{
	Entry	   *entry = find(key, now);
	long		wait = 1;

	entry->failures++;
	if (entry->failures <= rule->free)
		return;
	for (double n = entry->failures - rule->free; n > 1 && wait < rule->longest; n--)
		wait *= 2;
	entry->blocked_until = now + (wait < rule->longest ? wait : rule->longest);
}

static void
discount(const char *key, int64_t now)
{
	Entry	   *entry = find(key, now);

	entry->failures = entry->failures > 1 ? entry->failures - 1 : 0;
	entry->blocked_until = 0;
}

/* ---- interface ---- */

long
throttle_attempt(const Address *address, const char *role)
{
	char		by_address[KEY_SIZE];
	char		by_role[KEY_SIZE];
	int64_t		now = now_s();
	long		wait;

	address_key(by_address, address);
	role_key(by_role, role);
	pthread_mutex_lock(&mutex);
	wait = left(by_address, now);
	if (left(by_role, now) > wait)
		wait = left(by_role, now);
	if (wait == 0)
	{
		count_failure(by_address, &address_rule, now);
		count_failure(by_role, &role_rule, now);
	}
	pthread_mutex_unlock(&mutex);
	return wait;
}

/* The attempt was no failure of the address's; a success clears all of the role's. */
static void
take_back(const Address *address, const char *role, bool succeeded)
{
	char		key[KEY_SIZE];
	int64_t		now = now_s();

	pthread_mutex_lock(&mutex);
	address_key(key, address);
	discount(key, now);
	role_key(key, role);
	if (succeeded)
		forget(find(key, now));
	else
		discount(key, now);
	pthread_mutex_unlock(&mutex);
}

void
throttle_succeeded(const Address *address, const char *role)
{
	take_back(address, role, true);
}

void
throttle_withdraw(const Address *address, const char *role)
{
	take_back(address, role, false);
}

void
throttle_tidy(void)
{
	Entry	   *entry,
			   *next;
	int64_t		now = now_s();

	pthread_mutex_lock(&mutex);
	HASH_ITER(hh, entries, entry, next)
	{
		decay(entry, now);
		if (entry->failures == 0 && entry->blocked_until <= now)
			forget(entry);
	}
	pthread_mutex_unlock(&mutex);
}
