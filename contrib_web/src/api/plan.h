/*
 * plan.h
 *		Statements on a table, and access to their results
 */
#ifndef PLAN_H
#define PLAN_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "db/db.h"

/*
 * The first columns of every plan.  Other columns follow them.
 */
enum PlanColumn
{
	/* 'forbidden', 'not-protected' or 'invalid'; null: no problem */
	PLAN_PROBLEM,
	PLAN_DETAIL,				/* explanation of the problem */
	/* name of the invalid column, parameter or member, or null */
	PLAN_FIELD
};

/*
 * Like db_run(), for statements whose first parameter is the name of a table.
 * Replies 404 if the table does not exist.
 */
extern PGresult *run_on_table(Request *req, Call call);

/*
 * True if the last statement failed because the table is not protected, and
 * the user may not read it, so that this must not be disclosed.  Queries the
 * database only after such a failure.
 */
extern bool is_hidden(Request *req, const char *table);

/*
 * Runs a plan.  If it rejects the request, replies and returns NULL.
 */
extern PGresult *run_plan(Request *req, Call call);

/* True if a boolean column is true */
extern bool is_true(const PGresult *result, int column);

/*
 * Replies with the statement's single value, which is JSON.  No-op if it
 * failed.
 */
extern void reply_result(Request *req, unsigned status, const PGresult *result);

/*
 * A table, for statements that must name it because of row security
 * (db/statement.h)
 */
typedef struct TableRef
{
	const char *oid;
	bool		is_protected;
} TableRef;

/*
 * Looks up a table by name; for a partition, its root.  On failure replies
 * and returns false.
 */
extern bool find_table(Request *req, const char *name, TableRef *table);

/* A row as in lock records: OID of the table, and text of the key */
typedef struct RowRef
{
	const char *table;
	const char *key;
} RowRef;

/*
 * Looks up the row in the path.  If there is none, its key is NULL.  On
 * failure replies and returns false.
 */
extern bool look_for_row(Request *req, RowRef *row);

/* The same for a row that must exist: replies 404 if there is none. */
extern bool find_row(Request *req, RowRef *row);

/* Replies that there is no row with the key in the path. */
extern void reply_no_row(Request *req);

#endif							/* PLAN_H */
