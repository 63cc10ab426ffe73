/*
 * statement.h
 *		A statement that each connection prepares once, at its first use.
 *
 * SQL never has values or identifiers pasted into it.  Parameters are text;
 * cast them: $1::jsonb.
 */
#ifndef STATEMENT_H
#define STATEMENT_H

#include <stdbool.h>

typedef struct Statement
{
	const char *name;			/* unique: name of the prepared statement */
	const char *sql;
	bool		names_relation; /* $1 is of type oid: locking's views run the policies only of
								 * relations that a statement names, and this does so */
} Statement;

#endif							/* STATEMENT_H */
