/*
 * clock.c
 *		The clock that decides about leases, and times computed from it.
 *
 * It is the database server's, never the start of a transaction.
 */
#include "clock.h"

#include "utils/builtins.h"
#include "utils/float.h"

TimestampTz
clock_now(void)
{
	return GetCurrentTimestamp();
}

/* Infinite if the lock has no end. */
double
seconds_until(TimestampTz when, TimestampTz now)
{
	if (TIMESTAMP_IS_NOEND(when))
		return get_float8_infinity();
	return when <= now ? 0.0 : (when - now) / 1000000.0;
}

Interval
seconds_interval(int seconds)
{
	Interval	span = {0};

	span.time = (TimeOffset) seconds * USECS_PER_SEC;
	return span;
}

TimestampTz
time_after(TimestampTz now, const Interval *span)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(now),
												   IntervalPGetDatum(unconstify(Interval *, span))));
}

/*
 * Compared as PostgreSQL does it, with days of 24 hours, so that the answer
 * does not depend on the date: a day may have 25 hours.
 */
bool
interval_is_longer(const Interval *a, const Interval *b)
{
	return DatumGetBool(DirectFunctionCall2(interval_gt,
											IntervalPGetDatum(unconstify(Interval *, a)),
											IntervalPGetDatum(unconstify(Interval *, b))));
}
