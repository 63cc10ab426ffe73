/*
 * ajax_scripts.h
 *		Scripts that django-locking's pages load
 */
#ifndef API_AJAX_SCRIPTS_H
#define API_AJAX_SCRIPTS_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void ajax_variables(Request *req);
extern void ajax_texts(Request *req);

#endif							/* API_AJAX_SCRIPTS_H */
