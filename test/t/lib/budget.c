/*
 * budget.c
 *		Tests of contrib_web/src/events/budget.c, whose clock is a parameter.
 *		TAP output.
 */
#include "../../../contrib_web/src/events/budget.c"

#include <stdio.h>

static int	n_tests;

static void
is(long got, long expected, const char *name)
{
	printf("%sok %d - %s\n", got == expected ? "" : "not ", ++n_tests, name);
	if (got != expected)
		printf("# got %ld, expected %ld\n", got, expected);
}

/* Returns how many of n notifications of a sender are admitted. */
static long
admitted(int sender, int n, int64_t now)
{
	long		count = 0;

	for (int i = 0; i < n; i++)
		count += budget_admits(sender, now);
	return count;
}

static void
test_sender(int64_t now)
{
	is(admitted(1, BUDGET_SENDER + 100, now), BUDGET_SENDER, "a sender has a part of a slice");
	is(admitted(2, 1, now + 1), 1, "another sender has a part of its own");
	is(admitted(1, 1, now + 2), 0, "a used-up part stays used up");
	is(admitted(1, 1, now + BUDGET_SLICE_MS), 1, "the next slice has a new part");
}

static void
test_trusted(int64_t now)
{
	is(budget_must_know_trusted(1, now), false, "a sender within its part need not be looked up");
	admitted(1, BUDGET_SENDER, now);
	is(budget_must_know_trusted(1, now), true, "a sender with a used-up part may be the trusted one");
	is(budget_must_know_trusted(1, now), false, "one lookup a slice");
	budget_trust(1);
	is(admitted(1, BUDGET_TOTAL, now), BUDGET_TOTAL - BUDGET_SENDER, "the trusted sender may use up the slice");
	is(admitted(2, 1, now), 0, "then nothing is left for others");
	now += BUDGET_SLICE_MS;
	is(admitted(2, BUDGET_SENDER + 1, now), BUDGET_SENDER, "others have their part as before");
	is(budget_must_know_trusted(2, now), true, "another lookup in the next slice");
	budget_trust(0);
	is(admitted(1, BUDGET_SENDER + 1, now), BUDGET_SENDER, "a sender that is trusted no longer has its part");
	budget_is_reset_due(now + BUDGET_SLICE_MS);
}

static void
test_all(int64_t now)
{
	long		count = 0;

	for (int sender = 1; sender <= 2 * BUDGET_TOTAL / BUDGET_SENDER; sender++)
		count += admitted(sender, BUDGET_SENDER, now);
	is(count, BUDGET_TOTAL, "all senders together have a slice");
	is(admitted(4711, 1, now + 1), 0, "a new sender has no part of a used-up slice");
	is(admitted(4711, 1, now + BUDGET_SLICE_MS), 1, "a new sender has a part of the next slice");
	count = 0;
	now += 2 * BUDGET_SLICE_MS;
	for (int sender = 1; sender <= 2 * BUDGET_TOTAL; sender++)
		count += admitted(sender, 1, now);
	is(count, BUDGET_TOTAL, "senders of one notification each have a slice together");
}

static void
test_reset(int64_t now)
{
	is(budget_wait(now), -1, "nothing was dropped: no reset to wait for");
	is(budget_is_reset_due(now), false, "nothing was dropped: no reset is due");
	admitted(1, BUDGET_SENDER + 1, now);
	is(budget_wait(now), BUDGET_SLICE_MS, "something was dropped: a reset waits for the end of the slice");
	is(budget_is_reset_due(now + BUDGET_SLICE_MS - 1), false, "no reset is due before the end of the slice");
	is(budget_is_reset_due(now + BUDGET_SLICE_MS), true, "a reset is due at the end of the slice");
	is(budget_is_reset_due(now + BUDGET_SLICE_MS), false, "the reset is due once");
	is(budget_wait(now + BUDGET_SLICE_MS), -1, "after the reset there is nothing to wait for");
	now += BUDGET_SLICE_MS;
	admitted(1, BUDGET_SENDER + 1, now);
	is(budget_wait(now), BUDGET_RESET_MS, "the next reset waits for its interval");
	is(budget_is_reset_due(now + BUDGET_RESET_MS - 1), false, "the next reset is not due before its interval");
	is(budget_is_reset_due(now + BUDGET_RESET_MS), true, "the next reset is due after its interval");
}

int
main(void)
{
	long		before;

	test_sender(1000000);
	test_trusted(1500000);
	test_all(2000000);
	budget_is_reset_due(3000000);
	test_reset(4000000);
	before = budget_dropped();
	admitted(1, BUDGET_SENDER + 7, 5000000);
	is(budget_dropped() - before, 7, "dropped notifications are counted");
	printf("1..%d\n", n_tests);
	return 0;
}
