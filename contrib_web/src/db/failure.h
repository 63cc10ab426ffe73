/*
 * failure.h
 *		Failures of the database as problem documents, by their SQLSTATE.
 */
#ifndef FAILURE_H
#define FAILURE_H

#include <jansson.h>

#include "http/request.h"

/*
 * Replies with what the last failure in the database was, mapped by its
 * SQLSTATE.  EXTRA: further members, as for reply_problem().
 */
extern void reply_db_error(Request *req, json_t *extra);

/* The same as an object, a new reference, not replied. */
extern json_t *db_problem(Request *req);

#endif							/* FAILURE_H */
