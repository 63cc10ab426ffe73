/*
 * check.h
 *		--check: tries what the program needs, and says what is missing
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

/*
 * Prints a line for each thing that the program needs, on standard output.
 * Returns whether all of them are there.
 */
extern bool check_setup(void);

#endif							/* CHECK_H */
