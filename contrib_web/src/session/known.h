/*
 * known.h
 *		Devices and addresses from which a role has signed in before.
 *
 * What strangers do to a role's sign-in is not to hit these (throttle.c).  A
 * device is known by a cookie of random bits, good for one role only and for
 * nothing but that.  Nothing of this outlives the program.
 */
#ifndef KNOWN_H
#define KNOWN_H

#include <stdbool.h>

#include "base/address.h"
#include "base/secret.h"

/* A key's size: a kind, a token or an address, and a role's 63 bytes. */
#define ATTEMPT_KEY_SIZE 160

/* DEVICE: the cookie's value, or NULL. */
extern bool known_device(const char *device, const char *role);
extern bool known_address(const Address *address, const char *role);

/*
 * The role signed in from there.  Gives the device a token, unless DEVICE is
 * one of the role's already.
 */
extern void known_note(const Address *address, const char *device, const char *role, char token[TOKEN_SIZE]);

#endif							/* KNOWN_H */
