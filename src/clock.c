/*
 * clock.c
 *		The clock that determines expiry, and arithmetic with times.
 *
 * It is the clock of the database server, never the start time of a
 * transaction.
 */
#include "clock.h"

#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/float.h"

/* The current time. */
TimestampTz
clock_now(void)
{
	return GetCurrentTimestamp();
}

/* Milliseconds since some time, by a clock that is never set back. */
int64
clock_monotonic_ms(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MILLISEC(now);
}

/* Seconds until a time: 0 if it has passed, infinity if it is infinite. */
double
seconds_until(TimestampTz when, TimestampTz now)
{
	if (TIMESTAMP_IS_NOEND(when))
		return get_float8_infinity();
	return when <= now ? 0.0 : (when - now) / 1000000.0;
}

/* A number of seconds as an interval. */
Interval
seconds_interval(int seconds)
{
	Interval	span = {0};

	span.time = (TimeOffset) seconds * USECS_PER_SEC;
	return span;
}

/* The time that is an interval later than "now". */
TimestampTz
time_after(TimestampTz now, const Interval *span)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(now),
												   IntervalPGetDatum(unconstify(Interval *, span))));
}

/*
 * Compare intervals as PostgreSQL does, with days of 24 hours.  The result
 * does not depend on the date, although a day may have 25 hours.
 */
bool
interval_is_longer(const Interval *a, const Interval *b)
{
	return DatumGetBool(DirectFunctionCall2(interval_gt,
											IntervalPGetDatum(unconstify(Interval *, a)),
											IntervalPGetDatum(unconstify(Interval *, b))));
}
