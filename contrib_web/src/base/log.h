/*
 * log.h
 *		Lines on stderr: one for each request, and what an operator should
 *		know.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

/*
 * TIME PEER ROLE METHOD PATH STATUS MILLISECONDS BYTES; the path without its
 * query, which may hold what is private.  ROLE NULL: nobody.
 */
extern void log_request(const char *peer, const char *role, const char *method, const char *path,
						unsigned status, double ms, uint64_t bytes);

/* Why it does not start. */
extern void complain(const char *what, const char *why);

/* TIME locking-web: text */
extern void log_message(const char *template,...) __attribute__((format(printf, 1, 2)));

#endif							/* LOG_H */
