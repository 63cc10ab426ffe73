/*
 * statement.h
 *		Statements, which each connection prepares at first use
 *
 * Values and identifiers are never interpolated into SQL.  Parameters are
 * text and need a cast: $1::jsonb.
 */
#ifndef STATEMENT_H
#define STATEMENT_H

#include <stdbool.h>

typedef struct Statement
{
	const char *name;			/* unique name of the prepared statement */
	const char *sql;

	/*
	 * $1 has type oid, which names a relation.  locking's views evaluate
	 * policies only of relations named by the statement.
	 */
	bool		names_relation;
} Statement;

#endif							/* STATEMENT_H */
