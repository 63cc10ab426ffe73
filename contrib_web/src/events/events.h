/*
 * events.h
 *		Distribution of lock events from the LISTEN connection to all streams
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct Session;
typedef struct Stream Stream;

/* Initializes the ids of events, and ends streams with their session. */
extern void events_init(void);

/* ---- the listener's side (listen.c) ---- */

/*
 * Publishes an event of a table, of the type KIND ("lock", "presence"): FULL
 * to readers with the right to see it, REDUCED to readers that may only be
 * notified of a change.  Of these, the ADDRESSEE (NULL: none) gets FULL too.
 */
extern void events_publish(const char *kind, const char *table, const char *addressee,
						   const char *full, const char *reduced);

/*
 * Handles missed events: sends a reset on all streams and invalidates earlier
 * ids.
 */
extern void events_reset(void);

/*
 * Tells all streams whether notifications of the database arrive.  Without
 * them a stream is open, but not live.
 */
extern void events_listening(bool listening);

/* ---- the streams' side (stream.c) ---- */

/*
 * Opens a stream for the connection.  The caller keeps a reference to the
 * session until stream_close(); NULL stands for the service role.  LAST_ID is
 * the id of the last event that the client received, or NULL.  Returns NULL
 * if there are too many streams.
 */
extern Stream *stream_open(struct MHD_Connection *connection, const struct Session *session, const char *last_id);

/* Frees the stream. */
extern void stream_close(Stream *stream);

/* MHD_ContentReaderCallback: produces the stream's next bytes. */
extern ssize_t stream_read(void *stream, uint64_t position, char *buffer, size_t size);

/*
 * Returns the tables of the missed events with which the stream begins, as a
 * new reference to an array.
 */
extern json_t *stream_missed_tables(Stream *stream);

/* ---- the program's side ---- */

/* Ends all streams and prevents new ones. */
extern void events_end_all(void);

/* Sends keepalives on streams that have been idle for a while. */
extern void events_send_keepalives(void);

typedef struct EventCounts
{
	long		streams;
	long		published;
	long		dropped;		/* streams closed for being too slow */
	long		resets;
} EventCounts;

/* Returns the current numbers. */
extern EventCounts events_counts(void);

#endif							/* EVENTS_H */
