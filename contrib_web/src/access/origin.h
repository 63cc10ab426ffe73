/*
 * origin.h
 *		Which page asks, as far as the browser says.
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "http/request.h"

/* Does the request name an origin that is neither here nor allowed? */
extern bool origin_is_foreign(const Request *req);

/*
 * For a GET that changes something, so that there is no token: does anything
 * that the browser says speak against its being a page of ours?
 */
extern bool origin_is_foreign_page(const Request *req);

/*
 * Does a script make the request?  A header of this name cannot be sent by a
 * link, an image, a frame, a form, a prefetch or an address that is typed in,
 * and by pages of other sites only after they were allowed to (CORS).
 */
extern bool origin_is_script(const Request *req);

/* Adds what pages of allowed other sites need to read the reply. */
extern void origin_add_cors(Request *req);

/* Replies to OPTIONS. */
extern void origin_preflight(Request *req);

#endif							/* ORIGIN_H */
