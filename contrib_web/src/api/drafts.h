/*
 * drafts.h
 *		Drafts: the user's unsaved values of rows, and of new rows
 */
#ifndef API_DRAFTS_H
#define API_DRAFTS_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void list_drafts(Request *req);
extern void get_draft(Request *req);
extern void save_draft(Request *req);
extern void discard_draft(Request *req);
extern void get_draft_of_new(Request *req);
extern void save_draft_of_new(Request *req);
extern void discard_draft_of_new(Request *req);

#endif							/* API_DRAFTS_H */
