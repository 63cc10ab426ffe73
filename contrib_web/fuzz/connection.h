/*
 * connection.h
 *		The one connection of a harness, in place of libmicrohttpd's, and what
 *		is sent and received on it.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <microhttpd.h>
#include <stdbool.h>

#define MAX_HEADERS 64

typedef struct Header
{
	char	   *name;
	char	   *value;			/* may be NULL */
} Header;

typedef struct Exchange
{
	Header		headers[MAX_HEADERS];
	int			n_headers;
	char		cookie[256];
	bool		is_stranger;	/* the address is no trusted proxy's */
	void	   *client;			/* the socket's context */
	int			n_suspended;
	bool		answered;
} Exchange;

extern struct MHD_Connection *const connection;
extern Exchange exchange;

/* Headers beyond MAX_HEADERS are left out. */
extern void exchange_add_header(char *name, char *value);

#endif							/* CONNECTION_H */
