/*
 * session.h
 *		Connections of the clients, and statements that may be disturbed.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>

#include <libpq-fe.h>

/* A disturbance of a statement while it runs. */
typedef enum Fault
{
	NO_FAULT,
	CANCEL,
	DISCONNECT
} Fault;

typedef struct Session
{
	PGconn	   *pg;				/* NULL: not connected */
	const char *owner;			/* of locks */
	bool		superuser;
	bool		local_only;		/* the last statement has committed, but the
								 * standby need not have got it */
} Session;

extern bool session_connect(Session *session);
extern void session_disconnect(Session *session);
extern PGresult *session_run(Session *session, const char *sql, Fault fault);
extern int	random_below(int limit);

#endif
