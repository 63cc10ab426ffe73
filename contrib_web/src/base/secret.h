/*
 * secret.h
 *		Random tokens, comparing them, and memory for passwords.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_BYTES 32			/* 256 bits */
#define TOKEN_SIZE (2 * TOKEN_BYTES + 1)	/* as hexadecimal text */

#define PASSWORD_SIZE 1024

/* A new random token. */
extern void secret_token(char token[TOKEN_SIZE]);

/* Takes the same time wherever they differ. */
extern bool secret_equal(const char *a, const char *b);

/*
 * Room for one password, never swapped out nor dumped where the system allows
 * that; NULL if there is none left.  secret_free() wipes it.
 */
extern char *secret_alloc(void);
extern void secret_free(char *secret);

/* Makes room for so many. */
extern void secret_init(size_t passwords);

#endif							/* SECRET_H */
