/*
 * requests.h
 *		Requests for locked rows
 */
#ifndef API_REQUESTS_H
#define API_REQUESTS_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void list_requests(Request *req);
extern void request_row(Request *req);
extern void decline_request(Request *req);
extern void withdraw_request(Request *req);

#endif							/* API_REQUESTS_H */
