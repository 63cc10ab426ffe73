/*
 * password_file.h
 *		The file that contains the password of the service role
 */
#ifndef PASSWORD_FILE_H
#define PASSWORD_FILE_H

#include <stdbool.h>

#include "base/secret.h"

/*
 * Reads the first line of a file into PASSWORD.  Returns false, with a reason
 * in PROBLEM, if the file cannot be read, contains no password, or can be
 * read by other users.
 */
extern bool password_file_read(const char *name, char password[PASSWORD_SIZE], const char **problem);

#endif							/* PASSWORD_FILE_H */
