/*
 * throttle.h
 *		Limits attempts to sign in, per address and per role.
 */
#ifndef THROTTLE_H
#define THROTTLE_H

#include "base/address.h"

/* Which failures an attempt is counted with. */
typedef enum AttemptKind
{
	ATTEMPT_BY_DEVICE,			/* by a device that the role has used before */
	ATTEMPT_BY_ADDRESS,			/* from an address that it has used before */
	ATTEMPT_BY_STRANGER,		/* any other: by address and by role */
	N_ATTEMPT_KINDS
} AttemptKind;

typedef struct Attempt
{
	const Address *address;
	const char *role;
	const char *device;			/* cookie, or NULL */
	AttemptKind kind;			/* by throttle_attempt() */
} Attempt;

/*
 * Seconds to wait before the next attempt; 0: go on, and it counts as failed
 * until throttle_succeeded().
 */
extern long throttle_attempt(Attempt *attempt);
extern void throttle_succeeded(const Attempt *attempt);

/* The attempt told nothing of the password: it counts for nothing. */
extern void throttle_withdraw(const Attempt *attempt);

/* Forgets attempts of long ago. */
extern void throttle_tidy(void);

#endif							/* THROTTLE_H */
