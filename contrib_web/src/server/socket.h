/*
 * socket.h
 *		Listening socket
 */
#ifndef SOCKET_H
#define SOCKET_H

/*
 * Listens on "address:port" or "[address]:port".  On failure reports it and
 * returns -1.
 */
extern int	socket_listen(const char *where);

/* Prints the address on standard output. */
extern void socket_print(int fd, const char *scheme);

#endif							/* SOCKET_H */
