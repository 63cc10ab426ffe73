/*
 * throttle.h
 *		Limits on attempts to sign in, per address and per role
 */
#ifndef THROTTLE_H
#define THROTTLE_H

#include "base/address.h"

/* Determines by which counters an attempt is limited */
typedef enum AttemptKind
{
	/* by a device that the role has used before */
	ATTEMPT_BY_DEVICE,
	ATTEMPT_BY_ADDRESS,			/* from an address that it has used before */
	/* any other: counted by address and by role */
	ATTEMPT_UNKNOWN,
	N_ATTEMPT_KINDS
} AttemptKind;

typedef struct Attempt
{
	const Address *address;
	const char *role;
	const char *device;			/* value of the cookie, or NULL */
	AttemptKind kind;			/* set by throttle_attempt() */
} Attempt;

/*
 * Returns the seconds to wait before the next attempt.  If this is 0, the
 * attempt is allowed and counts as failed until throttle_succeeded().
 */
extern long throttle_attempt(Attempt *attempt);

/* Clears failures after a successful sign-in. */
extern void throttle_succeeded(const Attempt *attempt);

/* Discounts an attempt in which the password was not checked. */
extern void throttle_withdraw(const Attempt *attempt);

/* Removes expired entries. */
extern void throttle_remove_expired(void);

#endif							/* THROTTLE_H */
