/*
 * lists.h
 *		Lists of locks and of their history
 */
#ifndef API_LISTS_H
#define API_LISTS_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void list_locks(Request *req);
extern void list_history(Request *req);

#endif							/* API_LISTS_H */
