/*
 * address.h
 *		Addresses of clients and trusted proxies
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <sys/socket.h>

typedef struct Address
{
	unsigned char bytes[16];	/* IPv4 as ::ffff:a.b.c.d */
} Address;

#define ADDRESS_SIZE INET6_ADDRSTRLEN

/* Converts the address of a socket; any other family gives zeros. */
extern Address address_of(const struct sockaddr *socket_address);

/* Parses an IPv4 or IPv6 address.  Returns false if it is invalid. */
extern bool address_parse(const char *text, Address *address);

/* Formats the address as text. */
extern void address_print(const Address *address, char text[ADDRESS_SIZE]);

/*
 * Reads options.trusted_proxies; on an invalid entry reports it and returns
 * false.
 */
extern bool address_trust_proxies(void);

/* True if the address is that of a trusted proxy */
extern bool address_is_trusted(const Address *address);

/* The prefix typically assigned to one customer: all of IPv4, /64 of IPv6 */
extern Address address_network(const Address *address);

#endif							/* ADDRESS_H */
