/*
 * ask.h
 *		Requests for locked rows, and drafts
 */
#ifndef API_ASK_H
#define API_ASK_H

#include "http/request.h"

extern void list_requests(Request *req);
extern void request_row(Request *req);
extern void withdraw_request(Request *req);
extern void get_draft(Request *req);
extern void save_draft(Request *req);
extern void discard_draft(Request *req);

#endif							/* API_ASK_H */
