/*
 * operation.c
 *		Operations of the load: their texts, and the variables in them.
 *
 * The file of an operation has a header, of lines "-- NAME VALUE", and
 * statements, each of which ends with a semicolon at the end of a line.  A
 * statement that begins with ?N is executed with a chance of N percent.
 */
#include "operation.h"

#include <ctype.h>
#include <err.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
read_header(Operation *operation, const char *line)
{
	if (sscanf(line, "-- weight %d", &operation->weight) == 1 ||
		sscanf(line, "-- since %d", &operation->since) == 1)
		return;
	if (strncmp(line, "-- superuser", 12) == 0)
		operation->superuser = true;
	else if (strncmp(line, "-- tables ", 10) != 0 ||
			 asprintf(&operation->tables, " %.*s ", (int) strcspn(line + 10, "\n"), line + 10) < 0)
		errx(1, "%s: %s", operation->name, line);
}

static void
add_statement(Operation *operation, const char *text)
{
	Statement  *statement = &operation->statements[operation->nstatements++];
	int			skipped = 0;

	if (operation->nstatements > MAX_STATEMENTS)
		errx(1, "%s: too many statements", operation->name);
	statement->chance = 100;
	if (sscanf(text, "?%d %n", &statement->chance, &skipped) == 1)
		text += skipped;
	statement->sql = strndup(text, strlen(text) - 2);	/* without ";\n" */
}

static void
read_operation(Operation *operation, const char *path)
{
	FILE	   *file = fopen(path, "r");
	char		line[MAX_SQL];
	char		text[MAX_SQL] = "";

	if (file == NULL)
		err(1, "%s", path);
	operation->name = strdup(strrchr(path, '/') + 1);
	operation->name[strcspn(operation->name, ".")] = '\0';
	while (fgets(line, sizeof(line), file) != NULL)
	{
		if (strncmp(line, "-- ", 3) == 0)
			read_header(operation, line);
		else if (strlen(text) + strlen(line) >= sizeof(text))
			errx(1, "%s: statement too long", path);
		else
			strcat(text, line);
		if (strlen(text) >= 2 && strcmp(text + strlen(text) - 2, ";\n") == 0)
		{
			add_statement(operation, text);
			text[0] = '\0';
		}
	}
	fclose(file);
}

/* Reads the operations of a folder; exits if one is malformed. */
Operation *
load_operations(const char *folder, int *count)
{
	char		pattern[MAX_SQL];
	glob_t		found;
	Operation  *operations;

	snprintf(pattern, sizeof(pattern), "%s/*.sql", folder);
	if (glob(pattern, 0, NULL, &found) != 0)
		errx(1, "%s: no operations", folder);
	operations = calloc(found.gl_pathc, sizeof(Operation));
	if (operations == NULL)
		err(1, NULL);
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_operation(&operations[i], found.gl_pathv[i]);
	*count = found.gl_pathc;
	globfree(&found);
	return operations;
}

bool
runs_on(const Operation *operation, const char *table)
{
	char		word[64];

	snprintf(word, sizeof(word), " %s ", table);
	return operation->tables == NULL || strstr(operation->tables, word) != NULL;
}

/* Length of a variable's name, with its colon; 0 if there is none. */
static size_t
variable_length(const char *sql)
{
	size_t		length = 1;

	if (sql[0] != ':' || !islower((unsigned char) sql[1]))
		return 0;
	while (isalnum((unsigned char) sql[length]))
		length++;
	return length;
}

/*
 * Replaces :name by the value of the variable, but not in casts.  Returns
 * false if there is no such variable.
 */
bool
substitute(char *to, size_t size, const char *sql, Lookup lookup, void *context)
{
	char	   *end = to + size - 1;

	while (*sql != '\0' && to < end)
	{
		bool		cast = strncmp(sql, "::", 2) == 0;
		size_t		length = cast ? 0 : variable_length(sql);
		char		name[64];
		const char *value;

		if (length == 0)
		{
			for (int i = cast ? 2 : 1; i > 0 && to < end; i--)
				*to++ = *sql++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int) length - 1, sql + 1);
		value = lookup(name, context);
		if (value == NULL)
			return false;
		sql += length;
		while (*value != '\0' && to < end)
			*to++ = *value++;
	}
	*to = '\0';
	return true;
}
