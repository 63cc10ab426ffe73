/*
 * owner.h
 *		The current owner of locks.
 */
#ifndef LOCKING_OWNER_H
#define LOCKING_OWNER_H

#include "postgres.h"

#include "compat.h"

#pragma GCC visibility push(hidden)

extern char *current_owner(void);
extern char *writing_owner(void);
extern char *require_owner(void);
extern char *session_owner(void);
extern bool is_session_owner(const char *owner);
extern bool writer_is_unnamed(void);
extern void check_owner_named(void);
pg_noreturn extern void refuse_unnamed(Oid relid);
extern char *stored_owner_name(void);
extern bool set_reading_for_caller(bool on);
extern bool is_current_owner(const char *owner);

#pragma GCC visibility pop

#endif							/* LOCKING_OWNER_H */
