/*
 * budget.c
 *		Rate limit for notifications, per sender and in total
 */
#include "events/budget.h"

#include <stdatomic.h>
#include <stddef.h>

/*
 * Senders in the current slice, of which there are at most as many as
 * admitted notifications.
 */
typedef struct Sender
{
	int			pid;
	int			admitted;
} Sender;

static Sender senders[BUDGET_TOTAL];
static int	n_senders;
static int	trusted;
static bool looked_up;			/* in the current slice */
static int	n_admitted;
static int64_t slice;			/* number of the current slice */
static int64_t missed_at;		/* first drop since the last reset; 0: none */
static int64_t reset_at;		/* last reset; 0: none */
static atomic_long n_dropped;

static void
enter_slice(int64_t now)
{
	if (slice == now / BUDGET_SLICE_MS)
		return;
	slice = now / BUDGET_SLICE_MS;
	n_senders = n_admitted = 0;
	looked_up = false;
}

/*
 * Linear search from the end: few backends send at the same time, and the
 * last sender is likely to send again.
 */
static Sender *
find_sender(int pid)
{
	for (int i = n_senders - 1; i >= 0; i--)
		if (senders[i].pid == pid)
			return &senders[i];
	senders[n_senders] = (Sender) {.pid = pid};
	return &senders[n_senders++];
}

static int
limit_of(const Sender *sender)
{
	return sender->pid == trusted ? BUDGET_TOTAL : BUDGET_SENDER;
}

bool
budget_must_know_trusted(int pid, int64_t now)
{
	Sender	   *sender;

	enter_slice(now);
	if (looked_up || n_admitted >= BUDGET_TOTAL)
		return false;
	sender = find_sender(pid);
	looked_up = sender->admitted == BUDGET_SENDER;
	return looked_up;
}

void
budget_trust(int pid)
{
	trusted = pid;
}

bool
budget_admits(int pid, int64_t now)
{
	Sender	   *sender;

	enter_slice(now);
	sender = n_admitted < BUDGET_TOTAL ? find_sender(pid) : NULL;
	if (sender && sender->admitted < limit_of(sender))
	{
		sender->admitted++;
		n_admitted++;
		return true;
	}
	if (missed_at == 0)
		missed_at = now;
	n_dropped++;
	return false;
}

/*
 * A reset is due at the end of the slice in which the first notification was
 * dropped, so that it covers all drops of the slice.
 */
static int64_t
due_at(void)
{
	int64_t		slice_end = (missed_at / BUDGET_SLICE_MS + 1) * BUDGET_SLICE_MS;
	int64_t		earliest = reset_at ? reset_at + BUDGET_RESET_MS : 0;

	return slice_end > earliest ? slice_end : earliest;
}

int
budget_wait(int64_t now)
{
	if (missed_at == 0)
		return -1;
	return due_at() > now ? (int) (due_at() - now) : 0;
}

bool
budget_is_reset_due(int64_t now)
{
	if (budget_wait(now) != 0)
		return false;
	missed_at = 0;
	reset_at = now;
	return true;
}

long
budget_dropped(void)
{
	return n_dropped;
}
