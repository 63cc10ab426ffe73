/*
 * handlers.h
 *		The handlers that the table of routes names.
 */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "web.h"

/* health.c, metrics.c */
extern void get_healthz(Request *req);
extern void get_readyz(Request *req);
extern void get_metrics(Request *req);

/* signin.c */
extern void post_session(Request *req);
extern void get_session(Request *req);
extern void delete_session(Request *req);

/* stream.c */
extern void get_events(Request *req);

/* static.c */
extern void get_page(Request *req);
extern void get_static(Request *req);
extern void get_openapi(Request *req);

#endif							/* HANDLERS_H */
