/*
 * origin.h
 *		Origin of requests, as sent by browsers, and CORS
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "http/request.h"

/* True if the request has an origin that is neither this site nor allowed */
extern bool origin_is_foreign(const Request *req);

/*
 * True if any header of the browser indicates a page of another site.  This
 * is for a GET that changes something, which has no CSRF token.
 */
extern bool origin_is_foreign_page(const Request *req);

/*
 * True if the origin is allowed, but the browser says that it is another
 * site's, so that it sends no session cookie (SameSite=Strict).
 */
extern bool origin_is_other_site(const Request *req);

/*
 * True if the request has X-Requested-With.  This header cannot be sent by
 * links, images, frames, forms, prefetching or typed addresses, and by pages
 * of other sites only if CORS allows it.
 */
extern bool origin_is_script(const Request *req);

/* Adds headers that allow pages of allowed sites to read the reply. */
extern void origin_add_cors(Request *req);

/* Replies to OPTIONS. */
extern void origin_preflight(Request *req);

#endif							/* ORIGIN_H */
