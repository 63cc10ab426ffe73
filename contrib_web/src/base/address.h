/*
 * address.h
 *		Addresses of clients, and of the proxies that are trusted.
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

extern Address address_of(const struct sockaddr *socket_address);
extern bool address_parse(const char *text, Address *address);
extern void address_print(const Address *address, char text[ADDRESS_SIZE]);

/*
 * Those of options.trusted_proxies; false with a message if one of them is
 * none.
 */
extern bool address_trust_proxies(void);
extern bool address_is_trusted(const Address *address);

/* The part that one customer of a provider has: all of IPv4, /64 of IPv6. */
extern Address address_network(const Address *address);

#endif							/* ADDRESS_H */
