/*
 * sample.c
 *		Latencies and their percentiles
 */
#include "sample.h"

#include <err.h>
#include <stdlib.h>

void
sample_add(Sample *sample, int64_t value)
{
	if (sample->count == sample->room)
	{
		sample->room = sample->room ? sample->room * 2 : 4096;
		sample->values = realloc(sample->values, sample->room * sizeof(int64_t));
		if (sample->values == NULL)
			err(1, NULL);
	}
	sample->values[sample->count++] = value;
}

static int
compare(const void *left, const void *right)
{
	int64_t		a = *(const int64_t *) left;
	int64_t		b = *(const int64_t *) right;

	return (a > b) - (a < b);
}

double
sample_percentile(Sample *sample, int percent)
{
	if (sample->count == 0)
		return 0;
	qsort(sample->values, sample->count, sizeof(int64_t), compare);
	return sample->values[(sample->count - 1) * percent / 100] / 1000.0;
}
