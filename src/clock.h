/*
 * clock.h
 *		The clock that determines expiry, and arithmetic with times.
 */
#ifndef LOCKING_CLOCK_H
#define LOCKING_CLOCK_H

#include "postgres.h"

#include "utils/timestamp.h"

#pragma GCC visibility push(hidden)

extern TimestampTz clock_now(void);
extern void note_clock(TimestampTz earlier, TimestampTz now);
extern int64 clock_monotonic_ms(void);
extern double seconds_until(TimestampTz when, TimestampTz now);
extern char *duration_text(int64 seconds);
extern TimestampTz time_after(TimestampTz now, const Interval *span);
extern Interval seconds_interval(int seconds);
extern bool interval_is_longer(const Interval *a, const Interval *b);

#pragma GCC visibility pop

#endif							/* LOCKING_CLOCK_H */
