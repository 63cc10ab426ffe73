/*
 * running.h
 *		Number of running requests of a session, or of all clients without a
 *		session, to limit concurrency; maintained by server/workers.c
 */
#ifndef RUNNING_H
#define RUNNING_H

typedef struct RunningCount
{
	long		running;
} RunningCount;

#endif							/* RUNNING_H */
