/*
 * presence.c
 *		People who have a row open: who looks at it, types or is idle
 *
 * People are kept by row.  A person of this process that has changed is
 * marked, and its state is part of the next messages to other processes.  A
 * person that has gone stays, invisible, until that message was made.  A row
 * that has changed is marked, and in the queue of rows until its event was
 * made.  So the number of messages and events depends on the number of people
 * and rows that change, not on the number of changes.
 *
 * Messages are JSON: {"process": ID, "people": [...]}; with "hello" a process
 * asks the others for their people, with "bye" it ends.  A process that knows
 * of others, and has no changes to tell, sends a message without people.  If
 * none arrives for PROCESS_SECONDS, its people are removed.
 *
 * The mutex protects all of this.
 */
#include "events/presence.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <uthash.h>
#include <utlist.h>

#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"

/* A payload has less than 8000 bytes. */
#define MESSAGE_MAX 7600
#define SIGN_OF_LIFE_MS 10000
#define PROCESS_SECONDS 30
#define MAX_PROCESSES 100

#define ID_SIZE 17

typedef struct Process
{
	int64_t		heard;
	UT_hash_handle hh;
	char		id[ID_SIZE];
} Process;

typedef struct Row Row;

typedef struct Person
{
	Row		   *row;
	char		process[ID_SIZE];	/* "": this one */
	char	   *client;
	char	   *owner;
	char	   *owner_name;		/* NULL: none */
	char	   *field;			/* NULL: none */
	char	   *session;		/* NULL: of another process */
	PresenceState state;
	int64_t		since;			/* of the state; seconds since 1970 */
	int64_t		heard;			/* of people of this process */
	bool		is_unsent;		/* to other processes */
	struct Person *prev,
			   *next;
} Person;

struct Row
{
	char	   *table;
	char	   *key;
	Person	   *people;
	bool		is_queued;
	int			pins;			/* while it must not be freed */
	struct Row *prev,
			   *next;			/* in the queue */
	UT_hash_handle hh;
	char		name[];			/* of table and key */
};

static const char *const state_names[] = {"viewing", "typing", "idle", "gone"};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char own_id[ID_SIZE];
static int	wake_fd;
static Row *rows;				/* hash by name */
static Row *queue;				/* rows whose event is to be sent */
static Process *processes;		/* hash by ID, of others */
static long n_people;
static long n_unsent;
static bool says_hello;
static int64_t sent_at;			/* of the last message */
static int64_t slice_at;		/* beginning of the last slice */
static int	messages_left;		/* of the slice */
static int	events_left;

bool
presence_parse_state(const char *name, PresenceState *state)
{
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++)
	{
		if (strcmp(state_names[i], name) != 0)
			continue;
		*state = (PresenceState) i;
		return true;
	}
	return false;
}

void
presence_init(void)
{
	char		token[TOKEN_SIZE];

	secret_token(token);
	snprintf(own_id, sizeof(own_id), "%.16s", token);
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		abort();
}

int
presence_fd(void)
{
	return wake_fd;
}

/* ---- rows; functions here and below are called with the mutex held ---- */

/* The length of the table's name makes the row's unique. */
static Row *
find_row(const char *table, const char *key, bool create)
{
	char	   *name;
	Row		   *row;

	if (asprintf(&name, "%zu %s %s", strlen(table), table, key) < 0)
		abort();
	HASH_FIND_STR(rows, name, row);
	if (row == NULL && create)
	{
		row = allocate(sizeof(Row) + strlen(name) + 1);
		strcpy(row->name, name);
		row->table = copy_text(table);
		row->key = copy_text(key);
		HASH_ADD_STR(rows, name, row);
	}
	free(name);
	return row;
}

static void
queue_row(Row *row)
{
	if (row->is_queued)
		return;
	row->is_queued = true;
	DL_APPEND(queue, row);
	eventfd_write(wake_fd, 1);
}

static void
free_row_if_unused(Row *row)
{
	if (row->people || row->is_queued || row->pins)
		return;
	HASH_DEL(rows, row);
	free(row->table);
	free(row->key);
	free(row);
}

/* ---- people ---- */

static bool
is_own(const Person *person)
{
	return person->process[0] == '\0';
}

static Person *
find_person(const Row *row, const char *process, const PresenceReport *report)
{
	Person	   *person;

	DL_FOREACH(row->people, person)
	{
		if (strcmp(person->client, report->client) == 0 && strcmp(person->owner, report->owner) == 0 &&
			strcmp(person->process, process) == 0)
			return person;
	}
	return NULL;
}

static Person *
add_person(Row *row, const char *process, const PresenceReport *report)
{
	Person	   *person = allocate(sizeof(Person));

	person->row = row;
	strcpy(person->process, process);
	person->client = copy_text(report->client);
	person->owner = copy_text(report->owner);
	person->state = PRESENCE_GONE;
	DL_APPEND(row->people, person);
	n_people++;
	return person;
}

static void
free_person(Person *person)
{
	Row		   *row = person->row;

	DL_DELETE(row->people, person);
	n_people--;
	n_unsent -= person->is_unsent;
	free(person->client);
	free(person->owner);
	free(person->owner_name);
	free(person->field);
	free(person->session);
	free(person);
	free_row_if_unused(row);
}

static void
mark_unsent(Person *person)
{
	n_unsent += !person->is_unsent;
	person->is_unsent = true;
	eventfd_write(wake_fd, 1);
}

static bool
is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void
set_text(char **text, const char *value)
{
	free(*text);
	*text = value ? copy_text(value) : NULL;
}

static int64_t
wall_clock(void)
{
	return (int64_t) time(NULL);
}

/* Returns true if the person has changed. */
static bool
set_person(Person *person, const PresenceReport *report, int64_t since)
{
	if (person->state == report->state && is_same(person->field, report->field) &&
		is_same(person->owner_name, report->owner_name))
		return false;
	if (person->state != report->state)
		person->since = since;
	person->state = report->state;
	set_text(&person->field, report->field);
	set_text(&person->owner_name, report->owner_name);
	queue_row(person->row);
	return true;
}

/* A person of this process that goes is kept until the others were told. */
static void
remove_person(Person *person)
{
	queue_row(person->row);
	if (!is_own(person) || processes == NULL)
	{
		free_person(person);
		return;
	}
	person->state = PRESENCE_GONE;
	mark_unsent(person);
}

/* Calls VISIT, which may free the person, for all people. */
static void
for_all_people(void (*visit) (Person *person, void *arg), void *arg)
{
	Row		   *row,
			   *next_row;
	Person	   *person,
			   *next;

	HASH_ITER(hh, rows, row, next_row)
	{
		/* the last person may be freed with the row */
		for (person = row->people; person; person = next)
		{
			next = person->next;
			visit(person, arg);
		}
	}
}

/* ---- limits ---- */

typedef struct OwnerCount
{
	const char *owner;
	long		n;
} OwnerCount;

static void
count_owner(Person *person, void *arg)
{
	OwnerCount *count = arg;

	if (is_own(person) && person->state != PRESENCE_GONE && strcmp(person->owner, count->owner) == 0)
		count->n++;
}

static bool
is_full(const Row *row)
{
	const Person *person;
	int			n = 0;

	DL_FOREACH(row->people, person)
		n++;
	return n >= PRESENCE_PEOPLE_PER_ROW || n_people >= PRESENCE_PEOPLE;
}

static bool
may_add(const Row *row, const char *owner)
{
	OwnerCount	count = {.owner = owner};

	if (is_full(row))
		return false;
	for_all_people(count_owner, &count);
	return count.n < PRESENCE_ROWS_PER_OWNER;
}

/* ---- reports ---- */

static bool
take_report(Row *row, const PresenceReport *report, int64_t now)
{
	Person	   *person = find_person(row, "", report);

	if (report->state == PRESENCE_GONE)
	{
		if (person && person->state != PRESENCE_GONE)
			remove_person(person);
		return true;
	}
	if (person == NULL && !may_add(row, report->owner))
		return false;
	if (person == NULL)
		person = add_person(row, "", report);
	person->heard = now;
	set_text(&person->session, report->session);
	if (set_person(person, report, wall_clock()))
		mark_unsent(person);
	return true;
}

bool
presence_report(const PresenceReport *report, int64_t now)
{
	Row		   *row;
	bool		taken = true;

	pthread_mutex_lock(&mutex);
	row = find_row(report->table, report->key, report->state != PRESENCE_GONE);
	if (row)
	{
		row->pins++;
		taken = take_report(row, report, now);
		row->pins--;
		free_row_if_unused(row);
	}
	pthread_mutex_unlock(&mutex);
	return taken;
}

static void
end_with_session(Person *person, void *session)
{
	if (person->state != PRESENCE_GONE && is_same(person->session, session))
		remove_person(person);
}

void
presence_end_session(const char *session)
{
	pthread_mutex_lock(&mutex);
	for_all_people(end_with_session, (void *) session);
	pthread_mutex_unlock(&mutex);
}

/* ---- people as JSON ---- */

static json_t *
time_json(int64_t seconds)
{
	struct tm	utc;
	char		text[32];
	time_t		when = (time_t) seconds;

	gmtime_r(&when, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_string(text);
}

static json_t *
person_json(const Person *person)
{
	return json_pack("{s:s, s:s?, s:s, s:s, s:o, s:s?}",
					 "owner", person->owner, "owner_name", person->owner_name, "client", person->client,
					 "state", state_names[person->state], "since", time_json(person->since), "field", person->field);
}

/* NULL stands for no row. */
static json_t *
people_json(const Row *row)
{
	json_t	   *people = json_array();
	const Person *person;

	if (row == NULL)
		return people;
	DL_FOREACH(row->people, person)
	{
		if (person->state != PRESENCE_GONE)
			json_array_append_new(people, person_json(person));
	}
	return people;
}

json_t *
presence_of_row(const char *table, const char *key)
{
	json_t	   *people;

	pthread_mutex_lock(&mutex);
	people = people_json(find_row(table, key, false));
	pthread_mutex_unlock(&mutex);
	return people;
}

json_t *
presence_of_table(const char *table)
{
	json_t	   *object = json_object();

	pthread_mutex_lock(&mutex);
	for (const Row *row = rows; row; row = row->hh.next)
	{
		json_t	   *people = strcmp(row->table, table) == 0 ? people_json(row) : NULL;

		if (json_array_size(people) > 0)
			json_object_set(object, row->key, people);
		json_decref(people);
	}
	pthread_mutex_unlock(&mutex);
	return object;
}

long
presence_count(void)
{
	long		n;

	pthread_mutex_lock(&mutex);
	n = n_people;
	pthread_mutex_unlock(&mutex);
	return n;
}

/* ---- slices ---- */

int
presence_wait(int64_t now)
{
	bool		pending;
	int64_t		due;

	pthread_mutex_lock(&mutex);
	pending = queue != NULL || says_hello || (processes && n_unsent > 0);
	due = pending ? slice_at + PRESENCE_SLICE_MS : sent_at + SIGN_OF_LIFE_MS;
	if (!pending && processes == NULL)
		due = INT64_MAX;
	pthread_mutex_unlock(&mutex);
	if (due == INT64_MAX)
		return -1;
	return due > now ? (int) (due - now) : 0;
}

bool
presence_begin_slice(int64_t now)
{
	uint64_t	wakes;

	pthread_mutex_lock(&mutex);
	/* the caller waits for the slice now, if it is not due */
	(void) eventfd_read(wake_fd, &wakes);
	if (now < slice_at + PRESENCE_SLICE_MS)
	{
		pthread_mutex_unlock(&mutex);
		return false;
	}
	slice_at = now;
	messages_left = PRESENCE_MESSAGES;
	events_left = PRESENCE_EVENTS;
	pthread_mutex_unlock(&mutex);
	return true;
}

bool
presence_next_row(char **table, json_t **event)
{
	Row		   *row;

	pthread_mutex_lock(&mutex);
	row = events_left > 0 ? queue : NULL;
	if (row)
	{
		events_left--;
		DL_DELETE(queue, row);
		row->is_queued = false;
		*table = copy_text(row->table);
		*event = json_pack("{s:s, s:s, s:o}", "table", row->table,
						   "key", row->key, "people", people_json(row));
		free_row_if_unused(row);
	}
	pthread_mutex_unlock(&mutex);
	return row != NULL;
}

/* ---- messages to other processes ---- */

static json_t *
unsent_json(const Person *person)
{
	json_t	   *json = person_json(person);

	json_object_set_new(json, "table", json_string(person->row->table));
	json_object_set_new(json, "key", json_string(person->row->key));
	json_object_set_new(json, "since", json_integer(person->since));
	return json;
}

static void
set_sent(Person *person)
{
	n_unsent -= person->is_unsent;
	person->is_unsent = false;
	if (person->state == PRESENCE_GONE)
		free_person(person);
}

typedef struct Collection
{
	json_t	   *people;
	size_t		size;			/* bytes of their JSON */
} Collection;

static void
collect_unsent(Person *person, void *arg)
{
	Collection *collection = arg;
	json_t	   *json;
	size_t		size;

	if (!person->is_unsent || collection->size >= MESSAGE_MAX)
		return;
	json = unsent_json(person);
	size = json_dumpb(json, NULL, 0, JSON_COMPACT) + 1;
	if (collection->size + size <= MESSAGE_MAX)
	{
		json_array_append(collection->people, json);
		set_sent(person);
	}
	else if (collection->size == 0)
		set_sent(person);		/* too large for any message */
	collection->size += size;
	json_decref(json);
}

static char *
message_text(const char *what, json_t *value)
{
	json_t	   *message = json_pack("{s:s}", "process", own_id);
	char	   *text;

	if (what)
		json_object_set_new(message, what, value);
	text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	return text;
}

static char *
people_message(void)
{
	Collection	collection = {.people = json_array()};

	for_all_people(collect_unsent, &collection);
	if (json_array_size(collection.people) > 0)
		return message_text("people", collection.people);
	json_decref(collection.people);
	return NULL;
}

static char *
next_message(int64_t now)
{
	char	   *message = NULL;

	if (says_hello)
	{
		says_hello = false;
		return message_text("hello", json_true());
	}
	if (processes == NULL)
		return NULL;
	if (n_unsent > 0)
		message = people_message();
	if (message == NULL && now >= sent_at + SIGN_OF_LIFE_MS)
		message = message_text(NULL, NULL);
	return message;
}

char *
presence_next_message(int64_t now)
{
	char	   *message;

	pthread_mutex_lock(&mutex);
	message = messages_left > 0 ? next_message(now) : NULL;
	if (message)
	{
		messages_left--;
		sent_at = now;
	}
	pthread_mutex_unlock(&mutex);
	return message;
}

char *
presence_farewell(void)
{
	return message_text("bye", json_true());
}

/* ---- other processes ---- */

static void
mark_own(Person *person, void *arg)
{
	(void) arg;
	if (is_own(person))
		mark_unsent(person);
}

/* A process that was not known has not been told of the people here. */
static Process *
find_process(const char *id, int64_t now)
{
	Process    *process;

	HASH_FIND_STR(processes, id, process);
	if (process == NULL && HASH_COUNT(processes) < MAX_PROCESSES)
	{
		process = allocate(sizeof(Process));
		snprintf(process->id, sizeof(process->id), "%s", id);
		HASH_ADD_STR(processes, id, process);
		for_all_people(mark_own, NULL);
	}
	if (process)
		process->heard = now;
	return process;
}

static void
remove_of_process(Person *person, void *arg)
{
	if (strcmp(person->process, arg) == 0)
		remove_person(person);
}

static void
forget_process(Process *process)
{
	for_all_people(remove_of_process, process->id);
	HASH_DEL(processes, process);
	free(process);
}

void
presence_connected(int64_t now)
{
	Process    *process,
			   *next;

	pthread_mutex_lock(&mutex);
	HASH_ITER(hh, processes, process, next)
	{
		forget_process(process);
	}
	for_all_people(mark_own, NULL);
	says_hello = true;
	slice_at = now - PRESENCE_SLICE_MS;
	pthread_mutex_unlock(&mutex);
}

/* ---- receiving ---- */

/* Texts of messages that this program sends are within these limits. */
static bool
is_valid(const PresenceReport *report)
{
	return strlen(report->key) <= PRESENCE_KEY_MAX && strlen(report->client) <= PRESENCE_TEXT_MAX &&
		(report->field == NULL || strlen(report->field) <= PRESENCE_TEXT_MAX) &&
		(report->owner_name == NULL || is_name(report->owner_name)) && is_name(report->owner);
}

static void
receive_person(const Process *process, json_t *json)
{
	PresenceReport report = {0};
	const char *state;
	json_int_t	since;
	Row		   *row;
	Person	   *person;

	if (json_unpack(json, "{s:s, s:s, s:s, s:s, s:s, s:I}", "table", &report.table, "key", &report.key,
					"client", &report.client, "owner", &report.owner, "state", &state, "since", &since) != 0 ||
		!presence_parse_state(state, &report.state))
		return;
	report.owner_name = json_string_value(json_object_get(json, "owner_name"));
	report.field = json_string_value(json_object_get(json, "field"));
	if (!is_valid(&report))
		return;
	row = find_row(report.table, report.key, report.state != PRESENCE_GONE);
	person = row ? find_person(row, process->id, &report) : NULL;
	if (report.state == PRESENCE_GONE)
	{
		if (person)
			remove_person(person);
		return;
	}
	if (person == NULL && !is_full(row))
		person = add_person(row, process->id, &report);
	if (person)
		set_person(person, &report, since);
	free_row_if_unused(row);
}

static void
receive(json_t *message, const char *id, int64_t now)
{
	Process    *process = find_process(id, now);
	size_t		i;
	json_t	   *person;

	if (process == NULL)
		return;
	if (json_is_true(json_object_get(message, "bye")))
	{
		forget_process(process);
		return;
	}
	json_array_foreach(json_object_get(message, "people"), i, person)
		receive_person(process, person);
	if (!json_is_true(json_object_get(message, "hello")))
		return;
	for_all_people(mark_own, NULL);
	if (n_unsent == 0)
		sent_at = now - SIGN_OF_LIFE_MS;	/* it must learn of this one */
}

void
presence_receive(const char *text, int64_t now)
{
	json_t	   *message = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *id = json_string_value(json_object_get(message, "process"));

	if (id && strlen(id) == ID_SIZE - 1 && strcmp(id, own_id) != 0)
	{
		pthread_mutex_lock(&mutex);
		receive(message, id, now);
		pthread_mutex_unlock(&mutex);
	}
	json_decref(message);
}

/* ---- housekeeping ---- */

static void
remove_if_silent(Person *person, void *arg)
{
	int64_t		now = *(int64_t *) arg;
	int64_t		limit = person->state == PRESENCE_IDLE ? PRESENCE_IDLE_SECONDS : PRESENCE_ACTIVE_SECONDS;

	if (is_own(person) && person->state != PRESENCE_GONE && now > person->heard + limit * 1000)
		remove_person(person);
}

static void
forget_unsent(Person *person, void *arg)
{
	(void) arg;
	if (person->is_unsent)
		set_sent(person);
}

void
presence_remove_expired(int64_t now)
{
	Process    *process,
			   *next;

	pthread_mutex_lock(&mutex);
	for_all_people(remove_if_silent, &now);
	HASH_ITER(hh, processes, process, next)
	{
		if (now > process->heard + PROCESS_SECONDS * 1000)
			forget_process(process);
	}
	if (processes == NULL)
		for_all_people(forget_unsent, NULL);
	pthread_mutex_unlock(&mutex);
}
