/*
 * log.h
 *		Log on stderr: a line for each request, and messages for the operator
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

/*
 * Logs TIME PEER ROLE METHOD PATH STATUS MILLISECONDS BYTES.  The path
 * excludes the query, which may contain private data.  ROLE is NULL without a
 * session.
 */
extern void log_request(const char *peer, const char *role, const char *method, const char *path,
						unsigned status, double ms, uint64_t bytes);

/* Reports an error at startup. */
extern void report_error(const char *subject, const char *reason);

/* Logs "TIME locking-web: text". */
extern void log_message(const char *template,...) __attribute__((format(printf, 1, 2)));

#endif							/* LOG_H */
