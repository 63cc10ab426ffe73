/*
 * presence.h
 *		People who have a row open: who looks at it, types or is idle
 *
 * A page reports its user's state, and again while it lasts; without reports
 * the person is removed.  Nothing of it is stored in the database.  Processes
 * that serve the same database tell each other by notifications on the
 * channel "locking_presence", which the listener (listen.c) sends and
 * receives.  Events for the streams contain all people of a row.
 *
 * Changes are collected for PRESENCE_SLICE_MS, and the messages and events of
 * a slice are limited, so that a flood of reports delays presence, but
 * nothing else.
 *
 * Times are in milliseconds, now_us() / 1000.
 */
#ifndef PRESENCE_H
#define PRESENCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define PRESENCE_CHANNEL "locking_presence"
#define PRESENCE_SLICE_MS 250
/* per slice */
#define PRESENCE_MESSAGES 4
#define PRESENCE_EVENTS 20

/* seconds without a report after which a person is removed */
#define PRESENCE_ACTIVE_SECONDS 20
/* browsers run the timers of hidden pages once per minute */
#define PRESENCE_IDLE_SECONDS 90

#define PRESENCE_PEOPLE_PER_ROW 50
#define PRESENCE_ROWS_PER_OWNER 50
#define PRESENCE_PEOPLE 10000
#define PRESENCE_TEXT_MAX 255	/* bytes of client and field */
#define PRESENCE_KEY_MAX 2000

typedef enum PresenceState
{
	PRESENCE_VIEWING,
	PRESENCE_TYPING,
	PRESENCE_IDLE,
	PRESENCE_GONE
} PresenceState;

/* What a page reports.  Its client is unique among those of the owner. */
typedef struct PresenceReport
{
	const char *table;			/* as in events */
	const char *key;
	const char *client;
	const char *owner;
	const char *owner_name;		/* NULL: none */
	const char *field;			/* in which the person types; NULL: none */
	const char *session;		/* id of the session, with which it ends */
	PresenceState state;
} PresenceReport;

/* Stores the state of NAME; false if there is no such state. */
extern bool presence_parse_state(const char *name, PresenceState *state);

/* ---- the requests' side ---- */

/* Creates the identity of this process, before all other functions. */
extern void presence_init(void);

/*
 * Takes a report.  False if there are too many people; a person already known
 * is never refused.
 */
extern bool presence_report(const PresenceReport *report, int64_t now);

/* Removes the people that were reported with the session. */
extern void presence_end_session(const char *session);

/* Returns the people of a row, as a new reference to an array. */
extern json_t *presence_of_row(const char *table, const char *key);

/*
 * Returns the rows of a table that people have open, as a new reference to an
 * object: arrays of people, by key.
 */
extern json_t *presence_of_table(const char *table);

/* Removes people, and other processes, without reports. */
extern void presence_remove_expired(int64_t now);

/* ---- the listener's side ---- */

/* Readable when there is something to send. */
extern int	presence_fd(void);

/*
 * The connection listens: forgets the people of other processes, whose
 * messages were missed, and asks for them.
 */
extern void presence_connected(int64_t now);

/* Milliseconds until something is to be sent; -1: nothing */
extern int	presence_wait(int64_t now);

/*
 * Begins a slice, if one is due.  Then presence_next_message() returns the
 * messages to send to other processes, and presence_next_row() the rows whose
 * people have changed, until they return NULL or false.  The caller frees
 * texts, and releases references.
 */
extern bool presence_begin_slice(int64_t now);
extern char *presence_next_message(int64_t now);
extern bool presence_next_row(char **table, json_t **event);

/* Returns the last message of this process. */
extern char *presence_farewell(void);

/* Receives a message of another process, or of this one, a no-op. */
extern void presence_receive(const char *message, int64_t now);

/* ---- metrics ---- */

extern long presence_count(void);

#endif							/* PRESENCE_H */
