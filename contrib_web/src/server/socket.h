/*
 * socket.h
 *		The socket that the server listens on.
 */
#ifndef SOCKET_H
#define SOCKET_H

/*
 * WHERE: "address:port" or "[address]:port"; -1, with a message, if that
 * cannot be.
 */
extern int	socket_listen(const char *where);

/* Says on standard output where it listens. */
extern void socket_print(int fd, const char *scheme);

#endif							/* SOCKET_H */
