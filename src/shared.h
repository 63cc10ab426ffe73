/*
 * shared.h
 *		Areas of shared memory.
 */
#ifndef LOCKING_SHARED_H
#define LOCKING_SHARED_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

/*
 * An area.  Its memory begins with a uint32, the version of its layout, which
 * "initialize" stores.
 */
typedef struct SharedArea
{
	const char *name;			/* as the server knows it */
	uint32		version;		/* increase it with every change of the layout */
	Size		(*size) (void);
	void		(*initialize) (void *memory);
	const char *purpose;		/* "the gate of \"locking\"", for messages */
	const char *consequence;	/* of not having it: the detail of a warning,
								 * or NULL: no warning */
	void	   *memory;			/* NULL: not attached */
	int64		failed_at;		/* the last attempt to attach, in ms; 0: none */
	bool		warned;			/* of its failure */
	struct SharedArea *next;
} SharedArea;

extern void shared_register(SharedArea *area);
extern void shared_init(void);
extern bool shared_attach(SharedArea *area);
extern bool shared_try_to_attach(SharedArea *area);

#pragma GCC visibility pop

#endif							/* LOCKING_SHARED_H */
