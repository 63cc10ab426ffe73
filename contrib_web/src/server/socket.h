/*
 * socket.h
 *		Listening socket
 */
#ifndef SOCKET_H
#define SOCKET_H

/*
 * Listens on "address:port" or "[address]:port".  On failure returns -1, with
 * a reason in PROBLEM.
 */
extern int	socket_listen(const char *where, const char **problem);

/* Prints the address on standard output. */
extern void socket_print(int fd, const char *scheme);

#endif							/* SOCKET_H */
