/*
 * lock.h
 *		The lock of a row, and breaking several locks
 */
#ifndef API_LOCK_H
#define API_LOCK_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void get_lock(Request *req);
extern void acquire_lock(Request *req);
extern void renew_lock(Request *req);
extern void release_lock(Request *req);
extern void hand_lock_over(Request *req);
extern void take_lock_over(Request *req);
extern void break_lock(Request *req);
extern void break_locks(Request *req);

#endif							/* API_LOCK_H */
