/*
 * lock_client.h
 *		Clients and lock services
 */
#ifndef LOCK_CLIENT_H
#define LOCK_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

/* The kind of request: a new lock, or release or renewal of the held one. */
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
	bool		busy;			/* waiting for an answer */
	char		owner[32];
	char		key[16];
	char		token[64];
	uint64_t	random;
	int			answers;
	int64_t		wanted_since;	/* first request for the lock, in us */
	int64_t		asked_at;		/* the current request */
} Client;

typedef enum Answer
{
	PENDING,					/* incomplete so far */
	GRANTED,					/* of ACQUIRE: sets the client's token */
	REFUSED						/* held by another client, or expired */
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

extern noreturn void die(const char *format,...) __attribute__((format(printf, 1, 2)));

#endif
