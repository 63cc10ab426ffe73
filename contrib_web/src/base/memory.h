/*
 * memory.h
 *		Memory for small, long-lived objects
 *
 * The program aborts if it runs out of memory.  Objects that belong to a
 * request are allocated in the request's memory (request.h).
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdlib.h>
#include <string.h>

/* Returns zeroed memory, to be released with free(). */
static inline void *
allocate(size_t size)
{
	void	   *memory = calloc(1, size);

	if (memory == NULL)
		abort();
	return memory;
}

/* Returns a copy of the text, to be released with free(). */
static inline char *
copy_text(const char *text)
{
	char	   *copy = strdup(text);

	if (copy == NULL)
		abort();
	return copy;
}

#endif							/* MEMORY_H */
