/*
 * inject.h
 *		Points at which tests hold a backend while other sessions act.
 *
 * They exist only in builds with -DLOCKING_INJECTION, which include
 * test/t/lib/inject.c.
 */
#ifndef LOCKING_INJECT_H
#define LOCKING_INJECT_H

#ifdef LOCKING_INJECTION
extern void locking_inject(const char *point);
#define INJECT(point) locking_inject(point)
#else
#define INJECT(point) ((void) 0)
#endif

#endif							/* LOCKING_INJECT_H */
