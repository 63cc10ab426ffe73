/*
 * replay.c
 *		Runs a harness on each file of a folder, without libFuzzer, with TAP
 *		output: "ok 1 - request/static"
 *
 * A fault found by a sanitizer or the harness ends the program, so that the
 * results do not match the plan.
 */
#include "harness.h"

#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Returns a buffer of exactly the file's size, so that AddressSanitizer
 * detects reads beyond its end.
 */
static uint8_t *
read_file(const char *path, size_t *size)
{
	FILE	   *file = fopen(path, "rb");
	uint8_t    *data;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		err(1, "%s", path);
	*size = (size_t) ftell(file);
	rewind(file);
	data = malloc(*size);
	if (fread(data, 1, *size, file) != *size)
		err(1, "%s", path);
	fclose(file);
	return data;
}

static void
run_file(const char *folder, const char *name)
{
	char		path[4096];
	size_t		size;
	uint8_t    *data;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	data = read_file(path, &size);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int
main(int argc, char **argv)
{
	struct dirent **entries;
	int			n = argc == 2 ? scandir(argv[1], &entries, is_visible, alphasort) : -1;

	if (n <= 0)
		errx(1, "usage: %s FOLDER, with files", argv[0]);
	LLVMFuzzerInitialize(&argc, &argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++)
	{
		run_file(argv[1], entries[i]->d_name);
		printf("ok %d - %s/%s\n", i + 1, argv[1], entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
