/*
 * drafts.h
 *		Drafts of a row: unsaved values of the holder
 */
#ifndef API_DRAFTS_H
#define API_DRAFTS_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void get_draft(Request *req);
extern void save_draft(Request *req);
extern void discard_draft(Request *req);

#endif							/* API_DRAFTS_H */
