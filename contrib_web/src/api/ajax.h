/*
 * ajax.h
 *		Interface of django-locking
 */
#ifndef API_AJAX_H
#define API_AJAX_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void ajax_is_locked(Request *req);
extern void ajax_lock(Request *req);
extern void ajax_unlock(Request *req);

#endif							/* API_AJAX_H */
