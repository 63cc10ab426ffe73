/*
 * access.h
 *		Authorization of requests before their handler runs
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "http/request.h"

/*
 * Looks up the session and checks origin, body and token.  If a check fails,
 * replies and returns false.
 */
extern bool access_admit(Request *req);

#endif							/* ACCESS_H */
