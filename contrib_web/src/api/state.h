/*
 * state.h
 *		Refusals, with the state of the row, its lock or the column that they
 *		are about.
 */
#ifndef STATE_H
#define STATE_H

#include "http/problem.h"

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

#endif							/* STATE_H */
