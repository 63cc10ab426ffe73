/*
 * presence.h
 *		People who have a row open
 */
#ifndef API_PRESENCE_H
#define API_PRESENCE_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void report_presence(Request *req);
extern void list_presence(Request *req);

#endif							/* API_PRESENCE_H */
