/*
 * connect.h
 *		Connecting to the database, as somebody who signs in or as the service
 *		role.
 */
#ifndef CONNECT_H
#define CONNECT_H

#include <libpq-fe.h>
#include <stdbool.h>

#define CONNECT_SECONDS 5

/*
 * Why it failed: the SQLSTATE, "08006" if the server cannot be reached, and a
 * message.
 */
typedef struct ConnectError
{
	char		sqlstate[6];
	char		message[256];
} ConnectError;

/*
 * Connects as ROLE, for whom the server must ask for PASSWORD (not empty),
 * or, if that is NULL, as options.dsn says. NULL if that failed. Waits for at
 * most CONNECT_SECONDS.
 */
extern PGconn *connect_database(const char *role, const char *password, ConnectError *error);

/*
 * Does the server not let the role in (any more), or is it only that it
 * cannot be reached or is too busy?
 */
extern bool connect_refuses_role(const char *sqlstate);

#endif							/* CONNECT_H */
