/*
 * lease.c
 *		Times of a lease, by one clock: the database server's, never a
 *		transaction's start.
 */
#include "locking.h"

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

static TimestampTz
add_interval(TimestampTz now, const Interval *span)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(now),
												   IntervalPGetDatum(unconstify(Interval *, span))));
}

static void
check_positive(const Interval *span, const char *what)
{
	TimestampTz now = clock_now();

	if (add_interval(now, span) <= now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a positive interval", what),
				 errhint("Give a time such as '2 minutes'.")));
}

/* An optional positive interval, or NULL. */
Interval *
interval_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	Interval   *span;

	if (PG_ARGISNULL(argno))
		return NULL;
	span = PG_GETARG_INTERVAL_P(argno);
	check_positive(span, what);
	return span;
}

TimestampTz
lease_end(TimestampTz now, const Interval *ttl)
{
	return add_interval(now, ttl);
}
