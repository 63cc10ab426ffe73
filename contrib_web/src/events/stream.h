/*
 * stream.h
 *		GET /api/v1/events: live stream as Server-Sent Events
 */
#ifndef STREAM_H
#define STREAM_H

#include "http/request.h"

/* Handler; routes.c has its route. */
extern void get_events(Request *req);

#endif							/* STREAM_H */
