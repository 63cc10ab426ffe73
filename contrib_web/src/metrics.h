/*
 * metrics.h
 *		Counts for /metrics.
 */
#ifndef METRICS_H
#define METRICS_H

#include "request.h"

extern void metrics_init(void);

/* A request has been answered, after so many seconds. */
extern void metrics_count(const Request *req, double seconds);

#endif							/* METRICS_H */
