/*
 * statement.h
 *		Statements, and the parameters they are run with.
 *
 * The statements are the files of sql/.  The build makes db/statements.h of
 * them, with a function sql_NAME() for each: it takes the statement's
 * parameters, texts or NULL, and returns what db_run() needs.
 *
 * SQL never has values of a request pasted into it.  A statement whose tables
 * and columns are known only at run time takes two steps: a plan looks them
 * up in the catalog, and its row has pieces of SQL, quoted by the database,
 * for the second statement.
 */
#ifndef STATEMENT_H
#define STATEMENT_H

#include <libpq-fe.h>

#define MAX_PARAMETERS 16

/*
 * Types of parameters.  oid: locking's views run the policies only of
 * relations that a statement names, and such a parameter names one.
 */
#define TEXTOID 25
#define OIDOID 26

/* SQL, and the column of the plan's row whose SQL follows. */
typedef struct Segment
{
	const char *sql;
	int			column;			/* SEGMENTS_END: none, and no more segments */
} Segment;

#define SEGMENTS_END (-1)

/*
 * A connection prepares it once, at its first use, unless it has segments:
 * then its SQL is put together for each run.
 */
typedef struct Statement
{
	const char *name;			/* unique: name of the prepared statement */
	const char *sql;			/* NULL: of segments */
	const Segment *segments;
	int			n;				/* number of parameters */
	Oid			types[MAX_PARAMETERS];
} Statement;

/* What db_run() needs; sql_NAME() makes it. */
typedef struct Call
{
	const Statement *statement;
	const PGresult *plan;		/* for its segments */
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
