/*
 * connect.h
 *		Connections to the database, as a user's role or as the service role
 */
#ifndef CONNECT_H
#define CONNECT_H

#include <libpq-fe.h>
#include <stdbool.h>

#define CONNECT_SECONDS 5

/*
 * A failure to connect: message and SQLSTATE, which is "08006" if the server
 * cannot be reached, and "28000" if it refuses the role without having
 * requested its password
 */
typedef struct ConnectError
{
	char		sqlstate[6];
	char		message[256];
} ConnectError;

/*
 * Connects as ROLE, for which the server must request PASSWORD (not empty).
 * If ROLE is NULL, connects as specified by options.dsn and
 * options.password_file.  Returns NULL on failure. Waits for at most
 * CONNECT_SECONDS.
 */
extern PGconn *connect_database(const char *role, const char *password, ConnectError *error);

/*
 * True if the server rejects the role; false if the server is unreachable or
 * overloaded.
 */
extern bool connect_refuses_role(const char *sqlstate);

#endif							/* CONNECT_H */
