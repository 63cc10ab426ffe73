/*
 * memory.h
 *		Memory for the program's own things, all of them small: where there is
 *		none, the program ends.  What belongs to a request is in the request's
 *		memory (request.h).
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdlib.h>
#include <string.h>

/* Zeroed, for free(). */
static inline void *
allocate(size_t size)
{
	void	   *memory = calloc(1, size);

	if (memory == NULL)
		abort();
	return memory;
}

static inline char *
copy_text(const char *text)
{
	char	   *copy = strdup(text);

	if (copy == NULL)
		abort();
	return copy;
}

#endif							/* MEMORY_H */
