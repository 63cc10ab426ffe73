/*
 * events.c
 *		Events of locks, on their way from one LISTEN connection to all open streams.
 *
 * The latest events are kept in a ring.  A stream has no queue, but a place in the ring,
 * so it needs next to no memory; one that is so slow that the ring has passed it is told
 * so and cut off.  A client that comes back with the id of the event it saw last goes on from
 * there if the ring still has it.
 *
 * A role's right to a table is looked up before an event of that table is published, by the
 * listener, and kept for a while, so that the event loop, which passes the events on, never
 * waits for it.  Where it is not known, the client is told to load anew: that is never wrong.
 *
 * The mutex guards all of this.  Streams whose client waits are suspended and resumed with it
 * held, so that no event passes between looking for one and suspending.
 */
#include "events.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uthash.h>
#include <utlist.h>

#include "options.h"
#include "secret.h"
#include "session.h"

#define RING_SIZE 1024
#define RIGHT_SECONDS 10		/* a right that was taken away is noticed after so long */
#define RETRY_MS 2000			/* when a client is to come back */

/* A text that several streams send. */
typedef struct Message
{
	long		references;
	size_t		length;
	char		text[];
} Message;

typedef struct Event
{
	char	   *table;
	Message    *full;
	Message    *reduced;
} Event;

typedef struct Known
{
	Right		right;
	int64_t		checked;		/* now_s() */
	UT_hash_handle hh;
	char		table[];
} Known;

/* A role with open streams. */
typedef struct Reader
{
	long		streams;
	Known	   *rights;			/* hash by table */
	UT_hash_handle hh;
	char		role[];			/* "": the service role */
} Reader;

struct Stream
{
	struct MHD_Connection *connection;
	const struct Session *session;	/* the request has the reference */
	Reader	   *reader;
	uint64_t	cursor;			/* of the next event to look at */
	Message    *current;		/* being sent */
	size_t		sent;			/* bytes of it */
	bool		waiting;		/* suspended */
	bool		reset;			/* something was missed */
	bool		ending;
	int64_t		written;		/* now_s() of the last bytes */
	uint64_t	bytes;			/* all that was sent */
	Stream	   *prev,
			   *next;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Event ring[RING_SIZE];
static uint64_t head;			/* number of the next event */
static uint64_t tail;			/* of the oldest one kept */
static char epoch[17];			/* ids of another one mean nothing */
static Stream *streams;
static Reader *readers;
static EventCounts counts;
static bool closing;			/* no stream stays */

const Statement events_rights = {
	"events_rights",
	"SELECT asked.role, CASE"
	" WHEN c.oid IS NULL OR NOT has_schema_privilege(r.oid, c.relnamespace, 'USAGE')"
	" OR NOT has_table_privilege(r.oid, c.oid, 'SELECT') THEN 0"
	" WHEN c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls"
	" AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'USAGE')) THEN 1"
	" ELSE 2 END"
	" FROM jsonb_array_elements_text($2::jsonb) asked(role)"
	" JOIN pg_roles r ON r.rolname = coalesce(nullif(asked.role, ''), current_user)"
	" CROSS JOIN parse_ident($1::text) name"
	" LEFT JOIN (pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace)"
	" ON n.nspname = name[1] AND c.relname = name[2]"
};

/* ---- messages ---- */

static void *
allocate(size_t size)
{
	void	   *memory = calloc(1, size);

	if (memory == NULL)
		abort();
	return memory;
}

static Message * __attribute__((format(printf, 1, 2)))
new_message(const char *template,...)
{
	va_list		args;
	int			length;
	Message    *message;

	va_start(args, template);
	length = vsnprintf(NULL, 0, template, args);
	va_end(args);
	message = allocate(sizeof(Message) + length + 1);
	va_start(args, template);
	vsnprintf(message->text, length + 1, template, args);
	va_end(args);
	message->length = length;
	message->references = 1;
	return message;
}

static void
release_message(Message *message)
{
	if (message && --message->references == 0)
		free(message);
}

static Message *
reset_message(void)
{
	counts.resets++;
	return new_message("id: %s-%" PRIu64 "\nevent: reset\ndata: {}\n\n", epoch, head);
}

/* ---- rights ---- */

static Reader *
find_reader(const char *role)
{
	Reader	   *reader;

	HASH_FIND_STR(readers, role, reader);
	return reader;
}

static Reader *
join_reader(const char *role)
{
	Reader	   *reader = find_reader(role);

	if (reader == NULL)
	{
		reader = allocate(sizeof(Reader) + strlen(role) + 1);
		strcpy(reader->role, role);
		HASH_ADD_STR(readers, role, reader);
	}
	reader->streams++;
	return reader;
}

static void
forget_right(Reader *reader, Known *known)
{
	HASH_DEL(reader->rights, known);
	free(known);
}

static void
leave_reader(Reader *reader)
{
	Known	   *known,
			   *next;

	if (--reader->streams > 0)
		return;
	HASH_ITER(hh, reader->rights, known, next)
		forget_right(reader, known);
	HASH_DEL(readers, reader);
	free(reader);
}

static Known *
find_right(const Reader *reader, const char *table)
{
	Known	   *known;

	HASH_FIND_STR(reader->rights, table, known);
	return known;
}

json_t *
events_unknown_roles(const char *table)
{
	json_t	   *roles = NULL;
	int64_t		fresh = now_s() - RIGHT_SECONDS;

	pthread_mutex_lock(&mutex);
	for (Reader *reader = readers; reader; reader = reader->hh.next)
	{
		const Known *known = find_right(reader, table);

		if (known && known->checked > fresh)
			continue;
		if (roles == NULL)
			roles = json_array();
		json_array_append_new(roles, json_string(reader->role));
	}
	pthread_mutex_unlock(&mutex);
	return roles;
}

void
events_set_right(const char *role, const char *table, Right right)
{
	Reader	   *reader;
	Known	   *known;

	pthread_mutex_lock(&mutex);
	reader = find_reader(role);
	known = reader ? find_right(reader, table) : NULL;
	if (reader && known == NULL)
	{
		known = allocate(sizeof(Known) + strlen(table) + 1);
		strcpy(known->table, table);
		HASH_ADD_STR(reader->rights, table, known);
	}
	if (known)
	{
		known->right = right;
		known->checked = now_s();
	}
	pthread_mutex_unlock(&mutex);
}

/* ---- events ---- */

/* With the mutex held, as in all that follows. */
static void
wake(Stream *stream)
{
	if (!stream->waiting)
		return;
	stream->waiting = false;
	MHD_resume_connection(stream->connection);
}

static void
forget_event(Event *event)
{
	free(event->table);
	release_message(event->full);
	release_message(event->reduced);
	memset(event, 0, sizeof(Event));
}

static Message *
lock_message(const char *json)
{
	return new_message("id: %s-%" PRIu64 "\nevent: lock\ndata: %s\n\n", epoch, head + 1, json);
}

/* Its id says that everything before number head + 1 has been seen. */
void
events_publish(const char *table, const char *full, const char *reduced)
{
	Event	   *event;
	Stream	   *stream;

	pthread_mutex_lock(&mutex);
	event = &ring[head % RING_SIZE];
	if (head - tail == RING_SIZE)
	{
		forget_event(event);
		tail++;
	}
	event->table = strdup(table);
	if (event->table == NULL)
		abort();
	event->full = lock_message(full);
	event->reduced = lock_message(reduced);
	head++;
	counts.published++;
	DL_FOREACH(streams, stream)
		wake(stream);
	pthread_mutex_unlock(&mutex);
}

static void
new_epoch(void)
{
	char		token[TOKEN_SIZE];

	secret_token(token);
	snprintf(epoch, sizeof(epoch), "%.16s", token);
}

void
events_init(void)
{
	new_epoch();
}

void
events_reset(void)
{
	Stream	   *stream;

	pthread_mutex_lock(&mutex);
	new_epoch();
	for (; tail < head; tail++)
		forget_event(&ring[tail % RING_SIZE]);
	DL_FOREACH(streams, stream)
	{
		stream->cursor = head;
		stream->reset = true;
		wake(stream);
	}
	pthread_mutex_unlock(&mutex);
}

/* ---- streams ---- */

static bool
place_of(const char *id, uint64_t *place)
{
	size_t		length = strlen(epoch);
	char	   *end;

	if (strncmp(id, epoch, length) != 0 || id[length] != '-')
		return false;
	*place = strtoull(id + length + 1, &end, 10);
	return *end == '\0' && *place >= tail && *place <= head;
}

/* Another stream of a session that has all it may have ends the oldest: most likely a page that
 * is gone already. */
static void
end_oldest_of(const Session *session)
{
	Stream	   *stream;
	Stream	   *oldest = NULL;
	long		n = 0;

	DL_FOREACH(streams, stream)
	{
		if (stream->session != session || stream->ending)
			continue;
		oldest = oldest ? oldest : stream;
		n++;
	}
	if (oldest == NULL || n < options.streams_per_session)
		return;
	oldest->ending = true;
	wake(oldest);
}

Stream *
stream_open(Request *req, const char *last_id)
{
	Stream	   *stream = allocate(sizeof(Stream));
	const char *role = session_role(req->session);

	pthread_mutex_lock(&mutex);
	if (counts.streams >= options.max_streams)
	{
		pthread_mutex_unlock(&mutex);
		free(stream);
		return NULL;
	}
	end_oldest_of(req->session);
	stream->connection = req->connection;
	stream->session = req->session;
	stream->ending = closing || session_has_ended(req->session);
	stream->reader = join_reader(role ? role : "");
	stream->cursor = head;
	stream->reset = last_id && !place_of(last_id, &stream->cursor);
	stream->current = new_message("retry: %d\nid: %s-%" PRIu64 "\n\n", RETRY_MS, epoch, stream->cursor);
	stream->written = now_s();
	DL_APPEND(streams, stream);
	counts.streams++;
	pthread_mutex_unlock(&mutex);
	return stream;
}

void
stream_close(Stream *stream)
{
	pthread_mutex_lock(&mutex);
	DL_DELETE(streams, stream);
	counts.streams--;
	leave_reader(stream->reader);
	release_message(stream->current);
	pthread_mutex_unlock(&mutex);
	free(stream);
}

json_t *
stream_missed_tables(Stream *stream)
{
	json_t	   *tables = json_object();
	json_t	   *names = json_array();
	const char *name;
	json_t	   *value;

	pthread_mutex_lock(&mutex);
	for (uint64_t i = stream->cursor < tail ? tail : stream->cursor; i < head; i++)
		json_object_set_new(tables, ring[i % RING_SIZE].table, json_true());
	pthread_mutex_unlock(&mutex);
	json_object_foreach(tables, name, value)
		json_array_append_new(names, json_string(name));
	json_decref(tables);
	return names;
}

uint64_t
stream_bytes(const Stream *stream)
{
	return stream->bytes;		/* the event loop counts, and asks */
}

/* The next event that the reader may know of, or NULL. */
static Message *
next_event(Stream *stream)
{
	while (stream->cursor < head)
	{
		const Event *event = &ring[stream->cursor++ % RING_SIZE];
		const Known *known = find_right(stream->reader, event->table);
		Message    *message;

		if (known == NULL)
		{
			stream->cursor = head;
			return reset_message();
		}
		if (known->right == RIGHT_NONE)
			continue;
		message = known->right == RIGHT_FULL ? event->full : event->reduced;
		message->references++;
		return message;
	}
	return NULL;
}

static Message *
next_message(Stream *stream)
{
	if (stream->ending)
		return NULL;
	if (stream->cursor < tail)
	{
		counts.dropped++;
		stream->ending = true;
		return reset_message();
	}
	if (stream->reset)
	{
		stream->reset = false;
		stream->cursor = head;
		return reset_message();
	}
	if (stream->cursor < head)
		return next_event(stream);
	if (now_s() >= stream->written + options.ping)
		return new_message(":\n\n");
	return NULL;
}

/* Copies what there is to be sent, as far as it fits. */
static size_t
fill(Stream *stream, char *buffer, size_t size)
{
	size_t		filled = 0;

	while (filled < size)
	{
		size_t		length;

		if (stream->current == NULL && (stream->current = next_message(stream)) == NULL)
			break;
		length = stream->current->length - stream->sent;
		if (length > size - filled)
			length = size - filled;
		memcpy(buffer + filled, stream->current->text + stream->sent, length);
		filled += length;
		stream->sent += length;
		stream->bytes += length;
		stream->written = now_s();
		if (stream->sent == stream->current->length)
		{
			release_message(stream->current);
			stream->current = NULL;
			stream->sent = 0;
		}
	}
	return filled;
}

/* The library does not look at suspended connections. (Under TLS only a write tells.) */
static bool
peer_has_gone(const Stream *stream)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(stream->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	char		byte;

	return recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* MHD_ContentReaderCallback */
ssize_t
stream_read(void *cls, uint64_t position, char *buffer, size_t size)
{
	Stream	   *stream = cls;
	ssize_t		filled;

	(void) position;
	if (peer_has_gone(stream))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	pthread_mutex_lock(&mutex);
	filled = fill(stream, buffer, size);
	if (filled == 0 && stream->ending)
		filled = MHD_CONTENT_READER_END_OF_STREAM;
	else if (filled == 0)
	{
		stream->waiting = true;
		MHD_suspend_connection(stream->connection);
	}
	pthread_mutex_unlock(&mutex);
	return filled;
}

/* ---- housekeeping ---- */

static void
end_streams(const Session *session)
{
	Stream	   *stream;

	pthread_mutex_lock(&mutex);
	closing = closing || session == NULL;
	DL_FOREACH(streams, stream)
	{
		if (session && stream->session != session)
			continue;
		stream->ending = true;
		wake(stream);
	}
	pthread_mutex_unlock(&mutex);
}

void
events_end_session(const Session *session)
{
	end_streams(session);
}

void
events_end_all(void)
{
	end_streams(NULL);
}

static void
forget_old_rights(Reader *reader, int64_t now)
{
	Known	   *known,
			   *next;

	HASH_ITER(hh, reader->rights, known, next)
		if (known->checked + 60 * RIGHT_SECONDS < now)
			forget_right(reader, known);
}

void
events_tidy(void)
{
	Stream	   *stream;
	int64_t		now = now_s();

	pthread_mutex_lock(&mutex);
	DL_FOREACH(streams, stream)
		if (now >= stream->written + options.ping)
			wake(stream);
	for (Reader *reader = readers; reader; reader = reader->hh.next)
		forget_old_rights(reader, now);
	pthread_mutex_unlock(&mutex);
}

EventCounts
events_counts(void)
{
	EventCounts copy;

	pthread_mutex_lock(&mutex);
	copy = counts;
	pthread_mutex_unlock(&mutex);
	return copy;
}
