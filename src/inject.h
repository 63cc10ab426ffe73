/*
 * inject.h
 *		Points at which tests hold a backend, to let others do something in
 *		between.
 *
 * Only in builds with -DLOCKING_INJECTION, for which test/t/lib/inject.c has
 * to be compiled in; in all others nothing is left of them.
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
