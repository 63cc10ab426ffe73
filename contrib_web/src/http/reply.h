/*
 * reply.h
 *		Replies, errors apart (problem.h).
 *
 * What is replied must live as long as the request: values of results,
 * request_printf() and literals do.
 */
#ifndef REPLY_H
#define REPLY_H

#include <jansson.h>
#include <microhttpd.h>
#include <stddef.h>

#include "http/request.h"

extern void reply_json(Request *req, unsigned status, const char *json);
extern void reply_text(Request *req, unsigned status, const char *type, const char *text);
extern void reply_data(Request *req, unsigned status, const char *type, const void *data, size_t size);
extern void reply_empty(Request *req, unsigned status);

/* JSON, whose reference is taken over; as application/json, or as TYPE. */
extern void reply_object(Request *req, unsigned status, json_t *object);
extern void reply_dumped(Request *req, unsigned status, const char *type, json_t *json);

/*
 * A body that READER makes, called by an event loop with CLS, in blocks of so
 * many bytes.
 */
extern void reply_callback(Request *req, const char *type, size_t block, MHD_ContentReaderCallback reader,
						   void *cls);

/* Adds a header to the reply made before. */
extern void reply_header(Request *req, const char *name, const char *value);

/* The client should come back after so many seconds: a header, too. */
extern void reply_retry_after(Request *req, long seconds);

#endif							/* REPLY_H */
