/*
 * notification.h
 *		Sending notifications, after the commit or within the transaction.
 */
#ifndef LOCKING_NOTIFICATION_H
#define LOCKING_NOTIFICATION_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern void notification_init(void);
extern void notification_send(uint64 row, const char *payload);

#pragma GCC visibility pop

#endif							/* LOCKING_NOTIFICATION_H */
