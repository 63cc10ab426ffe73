/*
 * routes.h
 *		Table of routes: method, path, handler
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "http/route.h"

/* the first match applies; ends with pattern NULL */
extern const Route routes[];

/* the route of pages that do not exist, see static.h */
extern const Route *route_of_missing_page(void);

#endif							/* ROUTES_H */
