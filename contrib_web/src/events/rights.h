/*
 * rights.h
 *		What roles with open streams may learn of tables' locks.
 */
#ifndef RIGHTS_H
#define RIGHTS_H

#include <libpq-fe.h>

typedef enum Right
{
	RIGHT_NONE,
	RIGHT_CHANGED,				/* that something changed: row security decides about the rest */
	RIGHT_FULL,
	RIGHT_UNKNOWN
} Right;

/* A role with open streams; "" is the service role. */
typedef struct Reader Reader;

extern Reader *rights_join(const char *role);
extern void rights_leave(Reader *reader);

/* As it was looked up last; waits for nothing. */
extern Right rights_of(Reader *reader, const char *table);

/* The answer of sql_rights() for the table: roles, and rights as numbers. */
extern void rights_note(const PGresult *result, const char *table);

/*
 * Readers whose right to the table was not looked up lately: text of a JSON
 * array, to be freed; NULL if there are none.
 */
extern char *rights_unknown(const char *table);

/* Forgets what was not looked up for long. */
extern void rights_tidy(void);

#endif							/* RIGHTS_H */
