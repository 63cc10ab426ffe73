/*
 * metrics.h
 *		/metrics, and what it counts.
 */
#ifndef METRICS_H
#define METRICS_H

#include "http/request.h"

/* ROUTES: all that there are; the end has pattern NULL. */
extern void metrics_init(const Route *routes);

/* A request has been answered, after so many seconds. */
extern void metrics_count(const Request *req, double seconds);

extern void get_metrics(Request *req);

#endif							/* METRICS_H */
