/*
 * api.h
 *		What the parts of the API share.
 */
#ifndef API_H
#define API_H

#include "web.h"

/* ---- api_plan.c ---- */

/*
 * Columns that every plan begins with. What a plan gives further comes behind
 * them.
 */
enum PlanColumn
{
	PLAN_PROBLEM,				/* 'forbidden', 'not-protected', 'invalid'; null: nothing speaks against it */
	PLAN_DETAIL,				/* the sentence that goes with it */
	PLAN_FIELD,					/* name of the column, parameter or member that is to blame, or null */
	PLAN_FIRST					/* the first of its own */
};

/*
 * Like db_run(), for statements whose first parameter names a table: no such
 * table is 404.
 */
#define run_on_table(req, statement, ...) \
	run_on_table_values(req, statement, DB_VALUES(__VA_ARGS__))
extern PGresult *run_on_table_values(Request *req, const Statement *statement, int n, const char *const *values);

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
#define run_plan(req, statement, ...) \
	run_plan_values(req, statement, DB_VALUES(__VA_ARGS__))
extern PGresult *run_plan_values(Request *req, const Statement *statement, int n, const char *const *values);

/* A column of a plan's row, or of any result's first: NULL if it is null. */
extern const char *value_at(const PGresult *result, int column);

/* Is a column, a boolean, true? */
extern bool is_true(const PGresult *result, int column);

/*
 * Replies with the JSON that the statement gives as its one value, unless it
 * failed.
 */
extern void reply_result(Request *req, unsigned status, const PGresult *result);

/*
 * A table as statements name it that show what row security hides from others
 * (web.h).
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

/* ---- api_state.c ---- */

/*
 * Replies with the last failure in the database. What it was about is added:
 * of a lock that is in the way or lost, "lock" and "row" of that key as they
 * are now; of a value that was refused, "column". KEY: NULL if there is no
 * row yet.
 */
extern void reply_failure(Request *req, const char *key);

/*
 * Replies with a problem that concerns the row's lock, with "lock" and "row"
 * as they are now. DETAIL: NULL says who holds it.
 */
extern void reply_lock_problem(Request *req, ProblemKind kind, const char *detail);

/* ---- handlers, by the file that they are in ---- */

/* api_tables.c */
extern void list_tables(Request *req);
extern void get_table(Request *req);
extern void protect_table(Request *req);
extern void unprotect_table(Request *req);

/* api_choices.c */
extern void list_choices(Request *req);

/* api_rows.c */
extern void list_rows(Request *req);

/* api_row.c */
extern void get_row(Request *req);
extern void save_row(Request *req);
extern void insert_row(Request *req);
extern void delete_row(Request *req);

/* api_lock.c */
extern void get_lock(Request *req);
extern void acquire_lock(Request *req);
extern void renew_lock(Request *req);
extern void release_lock(Request *req);
extern void take_lock_over(Request *req);
extern void break_lock(Request *req);
extern void break_locks(Request *req);

/* api_ask.c */
extern void list_requests(Request *req);
extern void request_row(Request *req);
extern void withdraw_request(Request *req);
extern void get_draft(Request *req);
extern void save_draft(Request *req);
extern void discard_draft(Request *req);

/* api_lists.c */
extern void list_locks(Request *req);
extern void list_history(Request *req);

/* ajax.c */
extern void ajax_is_locked(Request *req);
extern void ajax_lock(Request *req);
extern void ajax_unlock(Request *req);
extern void ajax_variables(Request *req);
extern void ajax_texts(Request *req);

#endif
