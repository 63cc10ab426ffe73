/*
 * argument.c
 *		Arguments of SQL functions.
 */
#include "argument.h"

#include "access/detoast.h"
#include "utils/builtins.h"

#include "clock.h"
#include "locking.h"

/* Refuse a null argument.  "what" is its name in messages, here and below. */
void
argument_not_null(FunctionCallInfo fcinfo, int argno, const char *what)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be null", what)));
}

/* ---- texts and drafts ---- */

static Size
raw_size(Datum value)
{
	return toast_raw_datum_size(value) - VARHDRSZ;
}

/* The size is checked before a value is decompressed. */
static void
check_size(Datum value, const char *what, uint64 limit, const char *setting)
{
	Size		size = raw_size(value);

	if (size > limit)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is too long", what),
				 errdetail("It has %zu bytes, but the setting \"%s\" allows only " UINT64_FORMAT ".",
						   size, setting, limit),
				 errhint("Shorten it, or have a superuser increase the setting.")));
}

/* An optional text for display (a note, a reason, a message), or NULL. */
char *
text_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	if (PG_ARGISNULL(argno))
		return NULL;
	check_size(PG_GETARG_DATUM(argno), what, locking_max_text_length, "locking.max_text_length");
	return text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/* An optional name of an owner or a client, or NULL. */
char *
name_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	if (PG_ARGISNULL(argno))
		return NULL;
	check_size(PG_GETARG_DATUM(argno), what, locking_max_name_length, "locking.max_name_length");
	return text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/* A draft.  The caller has checked that it is not null. */
Datum
draft_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	check_size(PG_GETARG_DATUM(argno), what,
			   (uint64) locking_max_draft_size * 1024, "locking.max_draft_size");
	return PG_GETARG_DATUM(argno);
}

/* ---- intervals ---- */

static void
refuse_interval(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be a positive interval", what),
			 errhint("Specify an interval such as '2 minutes'.")));
}

/*
 * The maximum is compared by interval_is_longer(), so what is accepted does
 * not depend on the date.
 */
static void
check_not_too_long(const Interval *span, const char *what)
{
	Interval	max = seconds_interval(locking_max_ttl);

	if (interval_is_longer(span, &max))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is too long", what),
				 errdetail("The setting \"locking.max_ttl\" allows at most %s.",
						   duration_text(locking_max_ttl)),
				 errhint("Renew the lock before it expires, or have a superuser increase the setting.")));
}

/* An optional positive interval, at most locking.max_ttl, or NULL. */
Interval *
interval_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	Interval	nothing = {0};
	Interval   *span;
	TimestampTz now;

	if (PG_ARGISNULL(argno))
		return NULL;
	span = PG_GETARG_INTERVAL_P(argno);
	if (!interval_is_longer(span, &nothing))
		refuse_interval(what);
	check_not_too_long(span, what);
	now = clock_now();
	if (time_after(now, span) <= now)	/* '-1 month 30 days 1 hour' */
		refuse_interval(what);
	return span;
}

/* An interval of any length, which must not be null. */
Datum
age_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	argument_not_null(fcinfo, argno, what);
	return PG_GETARG_DATUM(argno);
}

/* A boolean, or "fallback" if the argument is null. */
Datum
bool_argument(FunctionCallInfo fcinfo, int argno, bool fallback)
{
	return BoolGetDatum(PG_ARGISNULL(argno) ? fallback : PG_GETARG_BOOL(argno));
}
