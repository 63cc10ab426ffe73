/*
 * lane.h
 *		How many requests of a session, or of all clients without one, run at
 *		a time; counted by server/workers.c.
 */
#ifndef LANE_H
#define LANE_H

typedef struct Lane
{
	long		running;
} Lane;

#endif							/* LANE_H */
