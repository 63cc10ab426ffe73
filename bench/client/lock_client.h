/*
 * lock_client.h
 *		What the parts of the load generator know of each other.
 */
#ifndef LOCK_CLIENT_H
#define LOCK_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

/* What a client asks for: a lock, or to go on with the one it has (release, renew). */
typedef enum Step
{
	ACQUIRE,
	PROCEED
} Step;

typedef struct Client
{
	int			number;			/* from 1 */
	void	   *connection;		/* the service's */
	Step		step;
	bool		busy;			/* an answer is due */
	char		owner[32];
	char		key[16];
	char		token[64];
	uint64_t	random;
	int			answers;
	int64_t		wanted_at;		/* since when it wants the lock, in us */
	int64_t		asked_at;		/* and since when it waits for this answer */
} Client;

typedef enum Answer
{
	PENDING,					/* nothing complete has arrived yet */
	GRANTED,					/* of ACQUIRE: the token has been noted in the client */
	REFUSED						/* somebody else has it, or it had ended */
} Answer;

/* A lock service.  Failures other than a refusal end the program. */
typedef struct Service
{
	void		(*connect) (Client *client, const char *where, const char *acquire, const char *proceed);
	int			(*socket) (const Client *client);
	void		(*ask) (Client *client);
	Answer		(*answer) (Client *client);
	void		(*disconnect) (Client *client);
} Service;

extern const Service postgres_service;
extern const Service redis_service;

/* Latencies, in us. */
typedef struct Sample
{
	int64_t    *values;
	int64_t		count;
	int64_t		room;
} Sample;

extern void sample_add(Sample *sample, int64_t value);
extern double sample_percentile(Sample *sample, int percent);	/* in ms; 0 if empty */

extern noreturn void die(const char *format,...) __attribute__((format(printf, 1, 2)));

#endif
