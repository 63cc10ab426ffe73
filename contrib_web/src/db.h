/*
 * db.h
 *		Statements in the name of whoever asks; handlers see web.h.
 */
#ifndef DB_H
#define DB_H

#include "request.h"

/* Ends what the handler left open and gives the connection back. */
extern void db_finish(Request *req);

/* Frees results. */
extern void db_release(Request *req);

#endif							/* DB_H */
