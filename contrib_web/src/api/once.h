/*
 * once.h
 *		Writes that are executed once, although they may be sent again: the
 *		header Idempotency-Key
 */
#ifndef ONCE_H
#define ONCE_H

#include <stdbool.h>

#include "http/request.h"

/*
 * In an open transaction, before anything else: notes that the write is
 * executed.  Returns false if it must not be: WRITTEN is then the key of the
 * row that it wrote before, or NULL after a failure.  REQUESTED is the row's
 * key in the path; NULL: a new row.
 */
extern bool once_begin(Request *req, const char *requested, const char **written);

/* Marks the reply, which must have been made, as that of a repetition. */
extern void once_mark_reply(Request *req);

/*
 * Keeps the key of the written row for repetitions, unless it is the
 * REQUESTED one.  Returns false on failure, like db_run().
 */
extern bool once_keep(Request *req, const char *requested, const char *key);

#endif							/* ONCE_H */
