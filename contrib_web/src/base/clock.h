/*
 * clock.h
 *		Monotonic clock
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds */
static inline int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Seconds */
static inline int64_t
now_s(void)
{
	return now_us() / 1000000;
}

#endif							/* CLOCK_H */
