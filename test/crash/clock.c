/*
 * clock.c
 *		A library to preload: its process has a clock that can be set.
 *
 * The file CLOCK_OFFSET contains the difference from the true clock in
 * microseconds, as a 64-bit integer.  The file is mapped, not read, since
 * PostgreSQL looks at the clock in signal handlers.  libfaketime opens a file
 * with functions that allocate memory: backends crash.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_us;

__attribute__((constructor))
static void
map_offset(void)
{
	const char *path = getenv("CLOCK_OFFSET");
	int			file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void	   *map = MAP_FAILED;

	if (file >= 0)
	{
		map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
		close(file);
	}
	if (map != MAP_FAILED)
		offset_us = map;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int			result = syscall(SYS_clock_gettime, clock, now);

	if (result == 0 && offset_us != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
	{
		int64_t		us = now->tv_sec * INT64_C(1000000) + now->tv_nsec / 1000 + *offset_us;

		now->tv_sec = us / 1000000;
		now->tv_nsec = us % 1000000 * 1000;
	}
	return result;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec precise;

	(void) zone;
	clock_gettime(CLOCK_REALTIME, &precise);
	now->tv_sec = precise.tv_sec;
	now->tv_usec = precise.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *result)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (result != NULL)
		*result = now.tv_sec;
	return now.tv_sec;
}
