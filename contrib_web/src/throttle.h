/*
 * throttle.h
 *		Limits attempts to sign in, per address and per role.
 */
#ifndef THROTTLE_H
#define THROTTLE_H

#include "address.h"

/* Seconds to wait before the next attempt; 0: go on, and it counts as failed until throttle_succeeded(). */
extern long throttle_attempt(const Address *address, const char *role);
extern void throttle_succeeded(const Address *address, const char *role);

/* The attempt told nothing of the password: it counts for nothing. */
extern void throttle_withdraw(const Address *address, const char *role);

/* Forgets attempts of long ago. */
extern void throttle_tidy(void);

#endif							/* THROTTLE_H */
