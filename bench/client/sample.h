/*
 * sample.h
 *		Latencies, all of which are kept, so that percentiles are exact
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdint.h>

/* Values in us; all zero is an empty sample */
typedef struct Sample
{
	int64_t    *values;
	int64_t		count;
	int64_t		room;
} Sample;

/* Exits if there is no memory. */
extern void sample_add(Sample *sample, int64_t value);

/* Returns a percentile in ms; 0 for an empty sample. */
extern double sample_percentile(Sample *sample, int percent);

#endif							/* SAMPLE_H */
