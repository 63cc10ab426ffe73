/*
 * events.c
 *		Distribution of lock events from the LISTEN connection to all streams
 *
 * The latest events are kept in a ring buffer.  A stream has no queue but a
 * position in the ring, so it needs little memory.  A stream that is
 * overtaken by the ring gets a reset and is closed.  A client that reconnects
 * with the id of its last event continues there if the ring still contains
 * it.
 *
 * A reader's right to see an event is checked when it is sent (rights.c).  If
 * the right is unknown, the client gets a reset, which is always correct.
 *
 * The mutex protects all of this.  Streams without pending events are
 * suspended and resumed while it is held, so that no event is lost in
 * between.
 */
#include "events/events.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/secret.h"
#include "events/presence.h"
#include "events/rights.h"
#include "session/session.h"

#define RING_SIZE 1024
#define RETRY_MS 2000			/* delay before a client reconnects */

/* A text sent by several streams */
typedef struct Message
{
	long		references;
	size_t		length;
	char		text[];
} Message;

typedef struct Event
{
	char	   *table;
	char	   *addressee;		/* owner; NULL: none */
	Message    *full;
	Message    *reduced;
} Event;

struct Stream
{
	struct MHD_Connection *connection;
	/* referenced by the caller of stream_open() */
	const Session *session;
	Reader	   *reader;
	uint64_t	cursor;			/* number of the next event to send */
	Message    *current;		/* being sent */
	size_t		sent;			/* bytes sent of it */
	bool		waiting;		/* suspended */
	bool		reset;			/* events were missed */
	bool		live;			/* what it was last told of "listening" */
	bool		ending;
	int64_t		written;		/* now_s() of the last write */
	Stream	   *prev,
			   *next;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Event ring[RING_SIZE];
static uint64_t head;			/* number of the next event */
static uint64_t tail;			/* number of the oldest event kept */
static char epoch[17];			/* ids of other epochs are invalid */
static Stream *streams;
static EventCounts counts;
static bool closing;			/* all streams are being closed */
static bool listening;			/* notifications arrive */

/* ---- messages ---- */

static Message *
__attribute__((format(printf, 1, 2)))
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

/* Sent without an id, as it is no event of the ring. */
static Message *
live_message(bool live)
{
	return new_message("event: live\ndata: {\"live\":%s}\n\n", live ? "true" : "false");
}

static Message *
reset_message(void)
{
	counts.resets++;
	return new_message("id: %s-%" PRIu64 "\nevent: reset\ndata: {}\n\n", epoch, head);
}

/* ---- events ---- */

/* The caller holds the mutex, as for most functions below. */
static void
resume(Stream *stream)
{
	if (!stream->waiting)
		return;
	stream->waiting = false;
	MHD_resume_connection(stream->connection);
}

static void
free_event(Event *event)
{
	free(event->table);
	free(event->addressee);
	release_message(event->full);
	release_message(event->reduced);
	memset(event, 0, sizeof(Event));
}

static Message *
event_message(const char *kind, const char *json)
{
	return new_message("id: %s-%" PRIu64 "\nevent: %s\ndata: %s\n\n", epoch, head + 1, kind, json);
}

/* The id means that all events before number head + 1 were received. */
void
events_publish(const char *kind, const char *table, const char *addressee,
			   const char *full, const char *reduced)
{
	Event	   *event;
	Stream	   *stream;

	pthread_mutex_lock(&mutex);
	event = &ring[head % RING_SIZE];
	if (head - tail == RING_SIZE)
	{
		free_event(event);
		tail++;
	}
	event->table = copy_text(table);
	event->addressee = addressee ? copy_text(addressee) : NULL;
	event->full = event_message(kind, full);
	event->reduced = event_message(kind, reduced);
	head++;
	counts.published++;
	DL_FOREACH(streams, stream)
		resume(stream);
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
events_reset(void)
{
	Stream	   *stream;

	pthread_mutex_lock(&mutex);
	new_epoch();
	for (; tail < head; tail++)
		free_event(&ring[tail % RING_SIZE]);
	DL_FOREACH(streams, stream)
	{
		stream->cursor = head;
		stream->reset = true;
		resume(stream);
	}
	pthread_mutex_unlock(&mutex);
}

void
events_listening(bool now)
{
	Stream	   *stream;

	pthread_mutex_lock(&mutex);
	listening = now;
	DL_FOREACH(streams, stream)
		resume(stream);
	pthread_mutex_unlock(&mutex);
}

/* ---- streams ---- */

static bool
parse_event_id(const char *id, uint64_t *number)
{
	size_t		length = strlen(epoch);
	char	   *end;

	if (strncmp(id, epoch, length) != 0 || id[length] != '-')
		return false;
	*number = strtoull(id + length + 1, &end, 10);
	return *end == '\0' && *number >= tail && *number <= head;
}

/*
 * If a session has the maximum number of streams, ends the oldest one, which
 * most likely belongs to a closed page.
 */
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
	resume(oldest);
}

Stream *
stream_open(struct MHD_Connection *connection, const Session *session, const char *last_id)
{
	Stream	   *stream = allocate(sizeof(Stream));
	const char *role = session_role(session);

	pthread_mutex_lock(&mutex);
	if (counts.streams >= options.max_streams)
	{
		pthread_mutex_unlock(&mutex);
		free(stream);
		return NULL;
	}
	end_oldest_of(session);
	stream->connection = connection;
	stream->session = session;
	stream->ending = closing || session_has_ended(session);
	stream->reader = rights_join(role ? role : "");
	stream->cursor = head;
	stream->reset = last_id && !parse_event_id(last_id, &stream->cursor);
	stream->current = new_message("retry: %d\nid: %s-%" PRIu64 "\n\n", RETRY_MS, epoch, stream->cursor);
	stream->written = now_s();
	stream->live = true;
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
	rights_leave(stream->reader);
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

static bool
is_addressee(const Stream *stream, const Event *event)
{
	const char *owner = session_owner(stream->session);

	return event->addressee && owner && strcmp(event->addressee, owner) == 0;
}

/* Returns the next event that the reader may see, or NULL. */
static Message *
next_event(Stream *stream)
{
	while (stream->cursor < head)
	{
		const Event *event = &ring[stream->cursor++ % RING_SIZE];
		Right		right = rights_of(stream->reader, event->table);
		Message    *message;

		if (right == RIGHT_UNKNOWN)
		{
			stream->cursor = head;
			return reset_message();
		}
		if (right == RIGHT_NONE)
			continue;
		message = right == RIGHT_FULL || is_addressee(stream, event) ? event->full : event->reduced;
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
	if (stream->live != listening)
	{
		stream->live = listening;
		return live_message(listening);
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

/* Copies pending messages to the buffer, as far as they fit. */
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

/*
 * The library does not monitor suspended connections.  (With TLS, a closed
 * connection is only detected by a write.)
 */
static bool
peer_has_gone(const Stream *stream)
{
	const union MHD_ConnectionInfo *info;
	char		byte;

	info = MHD_get_connection_info(stream->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
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

/* ---- beginning, end and housekeeping ---- */

/* Ends the streams of a session.  NULL ends all and prevents new ones. */
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
		resume(stream);
	}
	pthread_mutex_unlock(&mutex);
}

static void
forget_session(const Session *session)
{
	end_streams(session);
	presence_end_session(session_id(session));
}

void
events_init(void)
{
	new_epoch();
	session_on_end(forget_session);
}

void
events_end_all(void)
{
	end_streams(NULL);
}

void
events_send_keepalives(void)
{
	Stream	   *stream;
	int64_t		now = now_s();

	pthread_mutex_lock(&mutex);
	DL_FOREACH(streams, stream)
	{
		if (now >= stream->written + options.ping)
			resume(stream);
	}
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
