/*
 * state.h
 *		Error replies with the state of the row and its lock, or the column
 */
#ifndef STATE_H
#define STATE_H

#include "http/problem.h"

/*
 * Replies with the last database error.  For a conflicting or lost lock, adds
 * the current "lock" and "row" of the key; for an invalid value, its
 * "column".  KEY is NULL if there is no row yet.
 */
extern void reply_failure(Request *req, const char *key);

/*
 * Replies with a problem of the row's lock, and the current "lock" and "row".
 * If DETAIL is NULL, it contains the holder.
 */
extern void reply_lock_problem(Request *req, ProblemKind kind, const char *detail);

#endif							/* STATE_H */
