/*
 * lane.h
 *		Number of running requests of a session, or of all clients without a
 *		session; maintained by server/workers.c
 */
#ifndef LANE_H
#define LANE_H

typedef struct Lane
{
	long		running;
} Lane;

#endif							/* LANE_H */
