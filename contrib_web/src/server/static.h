/*
 * static.h
 *		Files built into the program: pages, their scripts and styles, the
 *		description of the API
 */
#ifndef STATIC_H
#define STATIC_H

#include "http/request.h"

/* Handlers; routes.c has their routes. */
extern void get_page(Request *req);
extern void get_missing_page(Request *req);
extern void get_static(Request *req);
extern void get_openapi(Request *req);

/* Is this a browser's request for a page that does not exist? */
extern bool static_is_missing_page(Request *req);

#endif							/* STATIC_H */
