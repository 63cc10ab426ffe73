/*
 * owner.h
 *		The current owner of locks.
 */
#ifndef LOCKING_OWNER_H
#define LOCKING_OWNER_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

extern char *current_owner(void);
extern char *writing_owner(void);
extern char *require_owner(void);
extern char *session_owner(void);
extern char *stored_owner_name(void);
extern bool set_reading_for_caller(bool on);
extern bool is_current_owner(const char *owner);

#pragma GCC visibility pop

#endif							/* LOCKING_OWNER_H */
