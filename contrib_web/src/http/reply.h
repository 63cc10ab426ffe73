/*
 * reply.h
 *		Replies, except for errors (problem.h)
 *
 * Data passed to these functions must live as long as the request.  Values of
 * results, request_printf() and literals do.
 */
#ifndef REPLY_H
#define REPLY_H

#include <jansson.h>
#include <microhttpd.h>
#include <stddef.h>

#include "http/request.h"

/*
 * Reply with JSON text, with text or data of a content type, or without body.
 * All but reply_data() forbid caching.
 */
extern void reply_json(Request *req, unsigned status, const char *json);
extern void reply_text(Request *req, unsigned status, const char *type, const char *text);
extern void reply_data(Request *req, unsigned status, const char *type, const void *data, size_t size);
extern void reply_empty(Request *req, unsigned status);

/* Replies with JSON as application/json, or as TYPE; steals the reference. */
extern void reply_object(Request *req, unsigned status, json_t *object);
extern void reply_dumped(Request *req, unsigned status, const char *type, json_t *json);

/*
 * Replies with a body produced by READER, which an event loop calls with CLS,
 * in blocks of the given size.
 */
extern void reply_callback(Request *req, const char *type, size_t block, MHD_ContentReaderCallback reader,
						   void *cls);

/* Adds a header to the current reply. */
extern void reply_header(Request *req, const char *name, const char *value);

/* Adds a Retry-After header to the current reply. */
extern void reply_retry_after(Request *req, long seconds);

#endif							/* REPLY_H */
