/*
 * static.h
 *		Files that are built into the program: pages, what they load, the
 *		API's description.
 */
#ifndef STATIC_H
#define STATIC_H

#include "http/request.h"

extern void get_page(Request *req);
extern void get_static(Request *req);
extern void get_openapi(Request *req);

#endif							/* STATIC_H */
