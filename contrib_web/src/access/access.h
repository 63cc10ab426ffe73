/*
 * access.h
 *		May this request go on to its handler?
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "http/request.h"

/*
 * Finds the session; false if the request has been replied to: nobody is
 * signed in, the page that asks is of another site, body or token are not as
 * they should be.
 */
extern bool access_admit(Request *req);

#endif							/* ACCESS_H */
