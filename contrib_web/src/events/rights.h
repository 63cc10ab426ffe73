/*
 * rights.h
 *		Cache of the rights of roles with open streams to see tables' events
 */
#ifndef RIGHTS_H
#define RIGHTS_H

#include <libpq-fe.h>

typedef enum Right
{
	RIGHT_NONE,
	/* only that something changed, as row security applies */
	RIGHT_CHANGED,
	RIGHT_FULL,
	RIGHT_UNKNOWN
} Right;

/* A role with open streams; "" is the service role. */
typedef struct Reader Reader;

/*
 * Registers a stream of the role and returns the role's reader;
 * rights_leave() unregisters it.
 */
extern Reader *rights_join(const char *role);
extern void rights_leave(Reader *reader);

/* Returns the cached right, without waiting. */
extern Right rights_of(Reader *reader, const char *table);

/* Stores the result of sql_rights(): roles, and their rights as numbers. */
extern void rights_store(const PGresult *result, const char *table);

/*
 * Returns the readers whose right to the table must be looked up, as the text
 * of a JSON array that the caller frees; NULL if there are none.
 */
extern char *rights_to_look_up(const char *table);

/* Removes rights that have not been looked up for a while. */
extern void rights_remove_expired(void);

#endif							/* RIGHTS_H */
