/*
 * failure.h
 *		Mapping of database errors to problem documents by SQLSTATE
 */
#ifndef FAILURE_H
#define FAILURE_H

#include <jansson.h>

#include "http/problem.h"
#include "http/request.h"

/*
 * Replies with a problem document for the last database error.  EXTRA
 * contains further members, as for reply_problem().
 */
extern void reply_db_error(Request *req, json_t *extra);

/* Returns the kind of problem that the last database error is. */
extern ProblemKind db_problem_kind(const Request *req);

/*
 * Returns whether the error occurred in a statement of this program itself,
 * not in a trigger or function that the statement ran.
 */
extern bool db_error_is_direct(const Request *req);

/*
 * Returns the column that the error is about; NULL if it has none, or one of
 * a table that a trigger writes.
 */
extern const char *db_error_column(const Request *req);

/* Returns the document as a new reference, without replying. */
extern json_t *db_problem(Request *req);

#endif							/* FAILURE_H */
