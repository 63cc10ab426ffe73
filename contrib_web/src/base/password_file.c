/*
 * password_file.c
 *		The file that contains the password of the service role
 *
 * Like libpq's password file, it must not be accessible to group or others.
 * The credentials that systemd passes to a service are exempt: the user of
 * the service gets access by an ACL, whose mask stat() shows as permissions
 * of the group.
 */
#include "base/password_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* True if the file is in the folder that systemd made for this service. */
static bool
is_credential(const char *name)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char		file_path[PATH_MAX];
	char		folder_path[PATH_MAX];
	size_t		length;

	if (folder == NULL || realpath(name, file_path) == NULL || realpath(folder, folder_path) == NULL)
		return false;
	length = strlen(folder_path);
	return strncmp(file_path, folder_path, length) == 0 && file_path[length] == '/';
}

static const char *
check_file(const char *name, int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return strerror(errno);
	if (!S_ISREG(status.st_mode))
		return "not a plain file";
	if (status.st_mode & (S_IRWXG | S_IRWXO) && !is_credential(name))
		return "accessible to group or others; permissions should be u=rw (0600) or less";
	return NULL;
}

static const char *
read_password(int fd, char password[PASSWORD_SIZE])
{
	ssize_t		size = read(fd, password, PASSWORD_SIZE);

	if (size < 0)
		return strerror(errno);
	if (size == PASSWORD_SIZE)
		return "longer than a password of 1023 bytes";
	password[size] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	return *password ? NULL : "no password in the first line";
}

bool
password_file_read(const char *name, char password[PASSWORD_SIZE], const char **problem)
{
	int			fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*problem = fd < 0 ? strerror(errno) : check_file(name, fd);
	if (*problem == NULL)
		*problem = read_password(fd, password);
	if (fd >= 0)
		close(fd);
	return *problem == NULL;
}
