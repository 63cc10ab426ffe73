/*
 * options.c
 *		Fuzzes the configuration file, and the parsing of its addresses
 *
 * An input is a configuration file, read line by line.  An invalid file would
 * end the program; here it ends the input.
 */
#include <setjmp.h>
#include <stdlib.h>

static jmp_buf refused;

static void
__attribute__((noreturn))
leave(int status)
{
	longjmp(refused, status + 1);
}

#define exit leave
#include "../src/base/options.c"
#undef exit
#include "../src/base/address.c"

#include "harness.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void) argc;
	(void) argv;
	return 0;
}

/* Resets all options. */
static void
forget_options(void)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
	{
		if (table[i].kind == LIST)
			set_list(&table[i], "", true);
		if (table[i].kind == TEXT)
		{
			free(*(char **) table[i].value);
			*(char **) table[i].value = NULL;
		}
		table[i].source = DEFAULT;
	}
	free(trusted);
	trusted = NULL;
}

static void
read_options(char *text)
{
	int			number = 1;

	read_defaults();
	while (text)
		read_line("fuzz.conf", number++, strsep(&text, "\n"));
	check_options();
}

static void
use_addresses(void)
{
	Address		address;
	char		printed[ADDRESS_SIZE];

	if (!address_trust_proxies() || !address_parse(options.listen, &address))
		return;
	address_is_trusted(&address);
	address_print(&address, printed);
	if (!address_parse(printed, &address))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = strndup((const char *) data, size);

	forget_options();
	if (setjmp(refused) == 0)
	{
		read_options(text);
		use_addresses();
	}
	free(text);
	return 0;
}
