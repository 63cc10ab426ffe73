/*
 * stats.h
 *		Counters of what happens to the locks of each protected table.
 */
#ifndef LOCKING_STATS_H
#define LOCKING_STATS_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

/* in the order of the columns of locking.counters() */
typedef enum Counter
{
	COUNT_ACQUISITIONS,
	COUNT_REFUSED_ACQUISITIONS,
	COUNT_REFUSED_WRITES,
	COUNT_TAKEOVERS,
	COUNT_BREAKS,
	COUNT_EXPIRIES,
	COUNT_RESUMPTIONS,
	COUNT_LOST,
	N_COUNTERS
} Counter;

extern void stats_init(void);
extern void stats_count(Oid relid, Counter counter);
extern void stats_begin(Oid relid);
extern void stats_forget(Oid relid);

#pragma GCC visibility pop

#endif							/* LOCKING_STATS_H */
