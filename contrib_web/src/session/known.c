/*
 * known.c
 *		Devices and addresses from which a role has signed in before
 *
 * The number of each is limited per role, so that no role can fill the table.
 * The least recently used entry is replaced.  Lookups hash the whole key, so
 * their duration discloses nothing useful about the 256 random bits.
 */
#include "session/known.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"

#define MAX_OF_ROLE 20			/* of each kind */
#define MAX_ENTRIES 20000

typedef struct Entry
{
	UT_hash_handle hh;
	char		key[];			/* "KIND ROLE\nPLACE" */
} Entry;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Entry *entries;			/* least recently used first */

/* ---- keys ---- */

static void
make_key(char key[ATTEMPT_KEY_SIZE], const char *kind, const char *role, const char *place)
{
	snprintf(key, ATTEMPT_KEY_SIZE, "%s %s\n%s", kind, role, place);
}

static void
device_key(char key[ATTEMPT_KEY_SIZE], const char *device, const char *role)
{
	make_key(key, "device", role, device);
}

static void
address_key(char key[ATTEMPT_KEY_SIZE], const Address *address, const char *role)
{
	Address		network = address_network(address);
	char		text[ADDRESS_SIZE];

	address_print(&network, text);
	make_key(key, "address", role, text);
}

/* ---- functions called with the mutex held ---- */

static Entry *
find(const char *key)
{
	Entry	   *entry;

	HASH_FIND_STR(entries, key, entry);
	return entry;
}

static void
remove_entry(Entry *entry)
{
	HASH_DEL(entries, entry);
	free(entry);
}

/* Makes room for another entry of the same kind and role. */
static void
make_room(const char *key)
{
	size_t		length = (size_t) (strrchr(key, '\n') - key) + 1;
	Entry	   *oldest = NULL;
	long		n = 0;

	for (Entry *entry = entries; entry; entry = entry->hh.next)
	{
		if (strncmp(entry->key, key, length) != 0 || strchr(entry->key + length, '\n'))
			/* part of a role name that contains a newline */
			continue;
		oldest = oldest ? oldest : entry;
		n++;
	}
	if (n >= MAX_OF_ROLE)
		remove_entry(oldest);
	else if (HASH_COUNT(entries) >= MAX_ENTRIES)
		remove_entry(entries);
}

/* Adds the entry, or marks it as most recently used. */
static void
record(const char *key)
{
	Entry	   *entry = find(key);

	if (entry)
		HASH_DEL(entries, entry);
	else
	{
		make_room(key);
		entry = allocate(sizeof(Entry) + strlen(key) + 1);
		strcpy(entry->key, key);
	}
	HASH_ADD_STR(entries, key, entry);
}

/* ---- interface ---- */

static bool
is_known(const char *key)
{
	bool		known;

	pthread_mutex_lock(&mutex);
	known = find(key) != NULL;
	pthread_mutex_unlock(&mutex);
	return known;
}

bool
known_device(const char *device, const char *role)
{
	char		key[ATTEMPT_KEY_SIZE];

	if (device == NULL || strlen(device) != TOKEN_SIZE - 1)
		return false;
	device_key(key, device, role);
	return is_known(key);
}

bool
known_address(const Address *address, const char *role)
{
	char		key[ATTEMPT_KEY_SIZE];

	address_key(key, address, role);
	return is_known(key);
}

void
known_record(const Address *address, const char *device, const char *role, char token[TOKEN_SIZE])
{
	char		key[ATTEMPT_KEY_SIZE];

	if (known_device(device, role))
		strcpy(token, device);
	else
		secret_token(token);
	pthread_mutex_lock(&mutex);
	device_key(key, token, role);
	record(key);
	address_key(key, address, role);
	record(key);
	pthread_mutex_unlock(&mutex);
}
