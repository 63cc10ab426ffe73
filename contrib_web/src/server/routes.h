/*
 * routes.h
 *		Table of routes: method, path, handler
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "http/route.h"

/* the first match applies; ends with pattern NULL */
extern const Route routes[];

/* of a page that does not exist, see static.h */
extern const Route missing_page;

#endif							/* ROUTES_H */
