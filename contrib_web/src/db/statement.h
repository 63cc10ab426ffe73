/*
 * statement.h
 *		Statements and their parameters
 *
 * The statements are the files of sql/.  The build generates db/statements.h
 * from them, with a function sql_NAME() for each: it takes the parameters,
 * texts or NULL, and returns the argument for db_run().
 *
 * Values of a request are never interpolated into SQL.  A statement whose
 * tables and columns are known only at run time takes two steps: a plan looks
 * them up in the catalog and returns SQL fragments, quoted by the database,
 * for the second statement.
 */
#ifndef STATEMENT_H
#define STATEMENT_H

#include <libpq-fe.h>

#define MAX_PARAMETERS 16

/*
 * Types of parameters.  An oid names a relation: locking's views evaluate the
 * policies only of relations that a statement names.
 */
#define TEXTOID 25
#define OIDOID 26

/* SQL, and the column of the plan's row with the fragment that follows */
typedef struct Segment
{
	const char *sql;
	int			column;			/* SEGMENTS_END: the last segment */
} Segment;

#define SEGMENTS_END (-1)

/*
 * A statement.  Each connection prepares it at its first use.  If it has
 * segments, its SQL is assembled for each run and not prepared.
 */
typedef struct Statement
{
	const char *name;			/* unique: name of the prepared statement */
	const char *sql;			/* NULL: assembled from segments */
	const Segment *segments;
	int			n;				/* number of parameters */
	Oid			types[MAX_PARAMETERS];
} Statement;

/* A statement with its parameters, returned by sql_NAME() */
typedef struct Call
{
	const Statement *statement;
	const PGresult *plan;		/* source of the fragments */
	int			row;			/* of the plan */
	const char *values[MAX_PARAMETERS];
} Call;

/* A column of a result's first row; NULL if it is null. */
static inline const char *
value_at(const PGresult *result, int column)
{
	return PQgetisnull(result, 0, column) ? NULL : PQgetvalue(result, 0, column);
}

#endif							/* STATEMENT_H */
