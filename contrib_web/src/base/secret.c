/*
 * secret.c
 *		Random tokens, their comparison, and memory for passwords
 */
#include "base/secret.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

void
secret_token(char token[TOKEN_SIZE])
{
	unsigned char bytes[TOKEN_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		abort();
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
}

bool
secret_equal(const char *a, const char *b)
{
	size_t		length = strlen(a);
	unsigned char differ = 0;

	if (strlen(b) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		differ |= (unsigned char) (a[i] ^ b[i]);
	return differ == 0;
}

/* ---- memory ---- */

/* Separate pages, so that mlock() covers nothing else */
typedef struct Arena
{
	pthread_mutex_t mutex;
	/* each free block begins with a pointer to the next */
	char	   *next_free;
} Arena;

static Arena arena = {PTHREAD_MUTEX_INITIALIZER, NULL};

void
secret_init(size_t passwords)
{
	size_t		size = passwords * PASSWORD_SIZE;
	char	   *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	madvise(memory, size, MADV_DONTDUMP);
	if (mlock(memory, size) != 0)
		fprintf(stderr, "locking-web: passwords in memory may be swapped out: mlock: %s\n", strerror(errno));
	for (size_t i = 0; i < passwords; i++)
		secret_free(memory + i * PASSWORD_SIZE);
}

char *
secret_alloc(void)
{
	char	   *secret;

	pthread_mutex_lock(&arena.mutex);
	secret = arena.next_free;
	if (secret)
		memcpy(&arena.next_free, secret, sizeof(char *));
	pthread_mutex_unlock(&arena.mutex);
	return secret;
}

void
secret_free(char *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, PASSWORD_SIZE);
	pthread_mutex_lock(&arena.mutex);
	memcpy(secret, &arena.next_free, sizeof(char *));
	arena.next_free = secret;
	pthread_mutex_unlock(&arena.mutex);
}
