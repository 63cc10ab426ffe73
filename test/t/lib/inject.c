/*
 * inject.c
 *		The other side of src/inject.h: a backend held at a point, and a clock in
 *		the tests' hands.  Compiled in by test/t/gate-race.pl only.
 */
#undef GetCurrentTimestamp		/* -DGetCurrentTimestamp=locking_injected_clock */

#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "inject.h"

extern TimestampTz locking_injected_clock(void);

/* Advisory locks: who holds one of these has everybody else where he wants them. */
#define HOLD Int64GetDatum(1)
#define AHEAD Int64GetDatum(2)

/*
 * Wait here while a session holds lock 1, if "inject.wait_at" of this session names
 * the point.
 */
void
locking_inject(const char *point)
{
	const char *wait_at = GetConfigOption("inject.wait_at", true, false);

	if (wait_at == NULL || strcmp(wait_at, point) != 0)
		return;
	DirectFunctionCall1(pg_advisory_lock_shared_int8, HOLD);
	DirectFunctionCall1(pg_advisory_unlock_shared_int8, HOLD);
}

/* The clock of everybody is two hours ahead while a session holds lock 2. */
TimestampTz
locking_injected_clock(void)
{
	TimestampTz now = GetCurrentTimestamp();

	if (!DatumGetBool(DirectFunctionCall1(pg_try_advisory_lock_shared_int8, AHEAD)))
		return now + 2 * USECS_PER_HOUR;
	DirectFunctionCall1(pg_advisory_unlock_shared_int8, AHEAD);
	return now;
}
