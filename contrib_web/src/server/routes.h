/*
 * routes.h
 *		Every method and path that is answered, and by which handler.
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "http/route.h"

extern const Route routes[];	/* the first that fits; ends with pattern NULL */

#endif							/* ROUTES_H */
