/*
 * secret.h
 *		Random tokens, their comparison, and memory for passwords
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_BYTES 32			/* 256 bits */
#define TOKEN_SIZE (2 * TOKEN_BYTES + 1)	/* as hexadecimal text */

#define PASSWORD_SIZE 1024

/* Generates a random token. */
extern void secret_token(char token[TOKEN_SIZE]);

/* Compares in constant time. */
extern bool secret_equal(const char *a, const char *b);

/*
 * Returns PASSWORD_SIZE bytes for a password, or NULL if none are left.  They
 * are neither swapped out nor dumped, if the system allows.  secret_free()
 * wipes them.
 */
extern char *secret_alloc(void);
extern void secret_free(char *secret);

/* Allocates memory for the given number of passwords. */
extern void secret_init(size_t passwords);

#endif							/* SECRET_H */
