/*
 * metrics.h
 *		/metrics and its counters
 */
#ifndef METRICS_H
#define METRICS_H

#include "http/request.h"

/* Initializes the counters for ROUTES, which ends with pattern NULL. */
extern void metrics_init(const Route *routes);

/* Counts a completed request and its duration. */
extern void metrics_count(const Request *req, double seconds);

/* Handler; routes.c has its route. */
extern void get_metrics(Request *req);

#endif							/* METRICS_H */
