/*
 * reply.h
 *		Replies that only the server's own handlers make.
 */
#ifndef REPLY_H
#define REPLY_H

#include "request.h"

/* Data must live as long as the request. */
extern void reply_data(Request *req, unsigned status, const char *type, const void *data, size_t size);

/* JSON, whose reference is taken over, as this type. */
extern void reply_dumped(Request *req, unsigned status, const char *type, json_t *json);

/*
 * A body that READER makes, called by an event loop with CLS, in blocks of so
 * many bytes.
 */
extern void reply_callback(Request *req, const char *type, size_t block, MHD_ContentReaderCallback reader,
						   void *cls);

/* Asks to come back after so many seconds. */
extern void reply_retry_after(Request *req, long seconds);

#endif							/* REPLY_H */
