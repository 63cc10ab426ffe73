/*
 * plan.h
 *		Statements that concern a table, and what their results say.
 */
#ifndef PLAN_H
#define PLAN_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "db/db.h"

/*
 * Columns that every plan begins with. What a plan gives further comes behind
 * them.
 */
enum PlanColumn
{
	PLAN_PROBLEM,				/* 'forbidden', 'not-protected', 'invalid'; null: nothing speaks against it */
	PLAN_DETAIL,				/* the sentence that goes with it */
	PLAN_FIELD					/* name of the column, parameter or member that is to blame, or null */
};

/*
 * Like db_run(), for statements whose first parameter names a table: no such
 * table is 404.
 */
extern PGresult *run_on_table(Request *req, Call call);

/*
 * Did the last statement fail as the table is not protected, and may one not
 * even read it? Whether it is protected is then none of one's business. Looks
 * once more only after such a failure.
 */
extern bool is_hidden(Request *req, const char *table);

/*
 * Runs a plan; NULL if something speaks against the request: that has been
 * replied then.
 */
extern PGresult *run_plan(Request *req, Call call);

/* Is a column, a boolean, true? */
extern bool is_true(const PGresult *result, int column);

/*
 * Replies with the JSON that the statement gives as its one value, unless it
 * failed.
 */
extern void reply_result(Request *req, unsigned status, const PGresult *result);

/*
 * A table as statements name it that show what row security hides from others
 * (db/statement.h).
 */
typedef struct TableName
{
	const char *oid;
	bool		is_protected;
} TableName;

/*
 * Finds the table of that name, a partition's root; false: it has been
 * replied why not.
 */
extern bool find_table(Request *req, const char *name, TableName *table);

/*
 * A row as lock records name it: the table's oid, the key in its one
 * spelling.
 */
typedef struct RowName
{
	const char *table;
	const char *key;
} RowName;

/* Finds the row that the path names; false: it has been replied why not. */
extern bool find_row(Request *req, RowName *row);

/* Replies that there is no row of the key that the path gives. */
extern void reply_no_row(Request *req);

#endif							/* PLAN_H */
