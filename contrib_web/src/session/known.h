/*
 * known.h
 *		Devices and addresses from which a role has signed in before
 *
 * Failed attempts from elsewhere do not delay attempts from these
 * (throttle.c). A device is identified by a cookie of random bits, which is
 * valid for one role and for no other purpose.  The list is lost when the
 * program ends.
 */
#ifndef KNOWN_H
#define KNOWN_H

#include <stdbool.h>

#include "base/address.h"
#include "base/secret.h"

/* Size of a key: kind, token or address, and role of 63 bytes */
#define ATTEMPT_KEY_SIZE 160

/*
 * True if the role has signed in from the device or address before.  DEVICE
 * is the value of the cookie, or NULL.
 */
extern bool known_device(const char *device, const char *role);
extern bool known_address(const Address *address, const char *role);

/*
 * Records a successful sign-in.  Returns DEVICE in TOKEN if it is already
 * valid for the role, else a new token.
 */
extern void known_record(const Address *address, const char *device, const char *role, char token[TOKEN_SIZE]);

#endif							/* KNOWN_H */
