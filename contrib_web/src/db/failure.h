/*
 * failure.h
 *		Mapping of database errors to problem documents by SQLSTATE
 */
#ifndef FAILURE_H
#define FAILURE_H

#include <jansson.h>

#include "http/request.h"

/*
 * Replies with a problem document for the last database error.  EXTRA
 * contains further members, as for reply_problem().
 */
extern void reply_db_error(Request *req, json_t *extra);

/* Returns the document as a new reference, without replying. */
extern json_t *db_problem(Request *req);

#endif							/* FAILURE_H */
