/*
 * address.c
 *		Addresses of clients and trusted proxies
 */
#include "base/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"

typedef struct Network
{
	Address		address;
	int			bits;
} Network;

static Network *trusted;

static const unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static Address
from_ipv4(const struct in_addr *ipv4)
{
	Address		address;

	memcpy(address.bytes, mapped_prefix, 12);
	memcpy(address.bytes + 12, ipv4, 4);
	return address;
}

static bool
is_ipv4(const Address *address)
{
	return memcmp(address->bytes, mapped_prefix, 12) == 0;
}

Address
address_of(const struct sockaddr *socket_address)
{
	Address		address = {{0}};

	if (socket_address->sa_family == AF_INET)
		return from_ipv4(&((const struct sockaddr_in *) socket_address)->sin_addr);
	if (socket_address->sa_family == AF_INET6)
		memcpy(address.bytes, &((const struct sockaddr_in6 *) socket_address)->sin6_addr, 16);
	return address;
}

bool
address_parse(const char *text, Address *address)
{
	struct in_addr ipv4;

	if (inet_pton(AF_INET, text, &ipv4) == 1)
	{
		*address = from_ipv4(&ipv4);
		return true;
	}
	return inet_pton(AF_INET6, text, address->bytes) == 1;
}

void
address_print(const Address *address, char text[ADDRESS_SIZE])
{
	if (is_ipv4(address))
		inet_ntop(AF_INET, address->bytes + 12, text, ADDRESS_SIZE);
	else
		inet_ntop(AF_INET6, address->bytes, text, ADDRESS_SIZE);
}

Address
address_network(const Address *address)
{
	Address		network = *address;

	if (!is_ipv4(address))
		memset(network.bytes + 8, 0, 8);
	return network;
}

/* ---- proxies ---- */

static bool
parse_network(const char *text, Network *network)
{
	char		host[ADDRESS_SIZE];
	size_t		length = strcspn(text, "/");
	int			max;
	char	   *end = "";

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (!address_parse(host, &network->address))
		return false;
	max = is_ipv4(&network->address) ? 32 : 128;
	network->bits = text[length] ? (int) strtol(text + length + 1, &end, 10) : max;
	if (*end || end == text + length + 1 || network->bits < 0 || network->bits > max)
		return false;
	network->bits += 128 - max;
	return true;
}

bool
address_trust_proxies(void)
{
	const TextList *list = &options.trusted_proxies;

	trusted = allocate((list->n + 1) * sizeof(Network));
	for (size_t i = 0; i < list->n; i++)
	{
		if (parse_network(list->items[i], &trusted[i]))
			continue;
		fprintf(stderr, "locking-web: trusted-proxy: \"%s\" is not an address or network\n", list->items[i]);
		return false;
	}
	return true;
}

static bool
is_in(const Address *address, const Network *network)
{
	int			bytes = network->bits / 8;
	int			rest = network->bits % 8;

	if (memcmp(address->bytes, network->address.bytes, bytes) != 0)
		return false;
	return rest == 0 || (address->bytes[bytes] ^ network->address.bytes[bytes]) >> (8 - rest) == 0;
}

bool
address_is_trusted(const Address *address)
{
	for (size_t i = 0; i < options.trusted_proxies.n; i++)
		if (is_in(address, &trusted[i]))
			return true;
	return false;
}
