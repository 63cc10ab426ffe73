/*
 * events.h
 *		Events of locks, on their way from one LISTEN connection to all open
 *		streams.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <jansson.h>
#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct Session;
typedef struct Stream Stream;

/* Streams of a session end with it from now on. */
extern void events_init(void);

/* ---- the listener's side (listen.c) ---- */

/*
 * For those who have the right: FULL; for those who may only know that
 * something changed: REDUCED.
 */
extern void events_publish(const char *table, const char *full, const char *reduced);

/*
 * Events may have been missed: all streams say so, and earlier ids mean
 * nothing any more.
 */
extern void events_reset(void);

/* ---- the streams' side (stream.c) ---- */

/*
 * Opens a stream to the connection, or returns NULL if there are too many.
 * The caller keeps a reference to the session (NULL: the service role's) until
 * stream_close().  LAST_ID: that of the last event the client saw, or NULL.
 */
extern Stream *stream_open(struct MHD_Connection *connection, const struct Session *session, const char *last_id);
extern void stream_close(Stream *stream);
extern ssize_t stream_read(void *stream, uint64_t position, char *buffer, size_t size);

/*
 * Tables of the events that the stream will begin with: an array, a new
 * reference.
 */
extern json_t *stream_missed_tables(Stream *stream);

/* ---- the program's side ---- */

extern void events_end_all(void);

/* A sign of life on streams where nothing was sent for a while. */
extern void events_tidy(void);

typedef struct EventCounts
{
	long		streams;
	long		published;
	long		dropped;		/* streams that were too slow */
	long		resets;
} EventCounts;
extern EventCounts events_counts(void);

#endif							/* EVENTS_H */
