/*
 * connection.h
 *		Simulated connection of libmicrohttpd, with its request and reply
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <microhttpd.h>
#include <stdbool.h>

#define MAX_HEADERS 64

typedef struct Header
{
	char	   *name;
	char	   *value;			/* behind the name, as the library has it */
} Header;

typedef struct Exchange
{
	Header		headers[MAX_HEADERS];
	int			n_headers;
	char		cookie[256];
	/* the address is not that of a trusted proxy */
	bool		is_untrusted;
	void	   *client;			/* context of the socket */
	int			n_suspended;
	bool		answered;
} Exchange;

extern struct MHD_Connection *const connection;
extern Exchange exchange;

/* Adds a request header; ignores headers beyond MAX_HEADERS. */
extern void exchange_add_header(const char *name, const char *value);

/* Ends the exchange, and begins another one. */
extern void exchange_reset(void);

#endif							/* CONNECTION_H */
