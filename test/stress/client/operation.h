/*
 * operation.h
 *		Operations of the load: their texts, and the variables in them.
 */
#ifndef OPERATION_H
#define OPERATION_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_STATEMENTS 16
#define MAX_SQL 4096

typedef struct Statement
{
	int			chance;			/* in percent */
	char	   *sql;
} Statement;

typedef struct Operation
{
	char	   *name;
	char	   *tables;			/* " a b c ", or NULL: all */
	int			weight;
	bool		superuser;		/* only for superusers */
	int			since;			/* major version of the server */
	int			nstatements;
	Statement	statements[MAX_STATEMENTS];
} Operation;

/* Value of a variable, or NULL if there is no such variable. */
typedef const char *(*Lookup) (const char *name, void *context);

extern Operation *load_operations(const char *folder, int *count);
extern bool runs_on(const Operation *operation, const char *table);
extern bool substitute(char *to, size_t size, const char *sql, Lookup lookup, void *context);

#endif
