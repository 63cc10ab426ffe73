/*
 * clock.c
 *		The clock that determines expiry, and arithmetic with times.
 *
 * It is the clock of the database server, never the start time of a
 * transaction.
 */
#include "clock.h"

#include "lib/stringinfo.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/float.h"

/* The current time. */
TimestampTz
clock_now(void)
{
	return GetCurrentTimestamp();
}

/*
 * Log that the clock was set back, if a time that some session has read
 * before is later than the present one.  A backend reports a step once, until
 * the clock has passed the latest such time.  Clocks of processors may differ
 * by less than a millisecond.
 */
void
note_clock(TimestampTz earlier, TimestampTz now)
{
	static TimestampTz latest = 0;

	if (earlier <= now + 1000 || TIMESTAMP_NOT_FINITE(earlier))
		return;
	if (now >= latest)
		ereport(LOG,
				(errmsg("the clock of the server was set back by at least %.3f seconds",
						(earlier - now) / 1000000.0),
				 errdetail("A lock was last renewed at %s, which is later than the current time.",
						   timestamptz_to_str(earlier)),
				 errhint("Locks last longer by as much. Those whose rows were written meanwhile are lost.")));
	latest = Max(latest, earlier);
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

/* "3 days", "1 minute" */
static void
append_unit(StringInfo text, int64 number, const char *unit)
{
	appendStringInfo(text, "%s" INT64_FORMAT " %s%s", text->len > 0 ? " " : "",
					 number, unit, number == 1 ? "" : "s");
}

/*
 * A number of seconds for messages: "90 seconds", "2 hours 30 minutes", "3
 * days".  Up to two minutes are given in seconds.
 */
char *
duration_text(int64 seconds)
{
	static const struct
	{
		const char *name;
		int64		seconds;
	}			units[] = {{"day", SECS_PER_DAY}, {"hour", SECS_PER_HOUR}, {"minute", SECS_PER_MINUTE}, {"second", 1}};
	StringInfoData text;

	initStringInfo(&text);
	if (seconds <= 2 * SECS_PER_MINUTE)
		append_unit(&text, seconds, "second");
	else
		for (int i = 0; i < lengthof(units); seconds %= units[i++].seconds)
			if (seconds >= units[i].seconds)
				append_unit(&text, seconds / units[i].seconds, units[i].name);
	return text.data;
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
