/*
 * replay.c
 *		Runs a harness once over each file of folders, where there is no libFuzzer.
 */
#include "harness.h"

#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

static void
run_file(const char *folder, const char *name)
{
	static uint8_t data[1 << 20];
	char		path[4096];
	FILE	   *file;
	size_t		size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL)
		err(1, "%s", path);
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
}

static int
run_folder(const char *folder)
{
	DIR		   *dir = opendir(folder);
	struct dirent *entry;
	int			n = 0;

	if (dir == NULL)
		err(1, "%s", folder);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
		{
			run_file(folder, entry->d_name);
			n++;
		}
	closedir(dir);
	return n;
}

int
main(int argc, char **argv)
{
	int			n = 0;

	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		n += run_folder(argv[i]);
	printf("%d inputs\n", n);
	return n > 0 ? 0 : 1;
}
