/*
 * lease.c
 *		Times of a lease, by one clock: the database server's, never a
 *		transaction's start.
 */
#include "locking.h"

#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/guc.h"

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

static bool
is_longer(const Interval *a, const Interval *b)
{
	return DatumGetBool(DirectFunctionCall2(interval_gt,
											IntervalPGetDatum(unconstify(Interval *, a)),
											IntervalPGetDatum(unconstify(Interval *, b))));
}

static void
refuse_interval(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be a positive interval", what),
			 errhint("Give a time such as '2 minutes'.")));
}

/*
 * Intervals are compared as PostgreSQL does it, with days of 24 hours, so
 * that what is accepted does not depend on the date: a day may have 25 hours.
 */
static void
check_not_too_long(const Interval *span, const char *what)
{
	Interval	max = seconds_interval(locking_max_ttl);

	if (is_longer(span, &max))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is too long", what),
				 errdetail("The setting \"locking.max_ttl\" allows %s.",
						   GetConfigOptionByName("locking.max_ttl", NULL, false)),
				 errhint("Renew the lock in time, or ask a superuser to raise the setting.")));
}

/* An optional positive interval of a lock's, or NULL. */
Interval *
interval_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	Interval	nothing = {0};
	Interval   *span;
	TimestampTz now;

	if (PG_ARGISNULL(argno))
		return NULL;
	span = PG_GETARG_INTERVAL_P(argno);
	if (!is_longer(span, &nothing))
		refuse_interval(what);
	check_not_too_long(span, what);
	now = clock_now();
	if (time_after(now, span) <= now)	/* '-1 month 30 days 1 hour' */
		refuse_interval(what);
	return span;
}

/* A time that no call gave: it is cut, as refusing it would help nobody. */
Interval
limited_ttl(const Interval *ttl)
{
	Interval	max = seconds_interval(locking_max_ttl);

	return is_longer(ttl, &max) ? max : *ttl;
}

static TimestampTz
latest_end(TimestampTz now)
{
	return now + locking_max_ttl * USECS_PER_SEC;
}

/* No later than locking.max_ttl allows, also where a day has 25 hours. */
TimestampTz
lease_end(TimestampTz now, const Interval *ttl)
{
	Interval	limited = limited_ttl(ttl);

	return Min(time_after(now, &limited), latest_end(now));
}

/* The end of a lock that is not to be shortened, but for the limit. */
TimestampTz
later_end(TimestampTz now, TimestampTz end, TimestampTz other)
{
	return Min(Max(end, other), latest_end(now));
}
