/*
 * options.c
 *		Fuzzes the configuration file, and what is made of its addresses.
 *
 * An input is such a file. What is refused ends the program; here it leaves the input.
 */
#include <setjmp.h>
#include <stdlib.h>

static jmp_buf refused;

static void __attribute__((noreturn))
leave(int status)
{
	longjmp(refused, status + 1);
}

#define exit leave
#include "../src/options.c"
#undef exit

#include <sys/mman.h>
#include <unistd.h>

#include "address.h"
#include "harness.h"

/* What has been set belongs to the program until it ends: read again for each input, it is leaked each time. */
extern const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void) argc;
	(void) argv;
	return 0;
}

static void
read_options(char *file)
{
	char	   *args[] = {"fuzz", "--config", file, NULL};
	Address		address;

	options_read(3, args);
	if (address_trust_proxies() && options.listen && address_parse(options.listen, &address))
		address_is_trusted(&address);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char		name[64];
	int			fd = memfd_create("config", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t) size)
		abort();
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < N_OPTIONS; i++)
	{
		table[i].source = DEFAULT;
		if (table[i].kind == LIST)
			set_list(&table[i], "", true);
	}
	if (setjmp(refused) == 0)
		read_options(name);
	close(fd);
	return 0;
}
