/*
 * stream_client.c
 *		Load generator for event streams of locking-web: opens streams, locks
 *		rows through the API, and measures the time until all streams have
 *		each event.
 *
 * stream_client PORT COOKIE CSRF PID STREAMS EVENTS ROWS COMMAND...
 *
 * Locks the rows 1, 3, 5, ... below ROWS, the path of a table's rows with its
 * last slash. Output: a line for each event, the milliseconds from the
 * request for the lock to the last stream; then the resident memory of a
 * stream in the server, process PID, in KB; then the output of COMMAND, which
 * runs while the streams are open.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 10000
#define MOST_EVENTS 256			/* of epoll */

/* A stream, read up to an expected text. */
typedef struct Stream
{
	int			fd;
	size_t		matched;		/* characters of the text so far */
} Stream;

static int	port;
static const char *cookie;
static const char *csrf;

static noreturn void
__attribute__((format(printf, 1, 2)))
give_up(const char *format,...)
{
	va_list		args;

	fputs("stream_client: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\n", stderr);
	exit(1);
}

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static long
resident_kb(const char *pid)
{
	char		line[256];
	long		kb = -1;
	FILE	   *status;

	snprintf(line, sizeof(line), "/proc/%s/status", pid);
	status = fopen(line, "r");
	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "VmRSS: %ld", &kb);
	if (kb < 0)
		give_up("no memory of process %s", pid);
	fclose(status);
	return kb;
}

static int
connect_to_server(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) != 0)
		give_up("connect: %s", strerror(errno));
	return fd;
}

/* The headers are about as long as a browser's. */
static void
ask(int fd, const char *method, const char *path, const char *more)
{
	if (dprintf(fd, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: locking_session=%s\r\n"
				"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
				"Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n%s\r\n",
				method, path, cookie, more) < 0)
		give_up("write: %s", strerror(errno));
}

/*
 * Has the text arrived?  Its first character must not occur in it again,
 * except as the last one.
 */
static bool
receive(Stream *stream, const char *text)
{
	char		data[4096];
	ssize_t		length = recv(stream->fd, data, sizeof(data), 0);

	if (length <= 0)
		give_up("a stream was closed");
	for (ssize_t i = 0; i < length; i++)
	{
		if (data[i] == text[stream->matched])
			stream->matched++;
		else
			stream->matched = data[i] == text[0];
		if (text[stream->matched] == '\0')
		{
			stream->matched = 0;
			return true;
		}
	}
	return false;
}

static void
open_streams(int n, int epoll)
{
	Stream	   *streams = calloc(n, sizeof(Stream));

	if (streams == NULL)
		give_up("out of memory");
	for (int i = 0; i < n; i++)
	{
		struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = &streams[i]};

		streams[i].fd = connect_to_server();
		ask(streams[i].fd, "GET", "/api/v1/events", "Accept: text/event-stream\r\n");
		while (!receive(&streams[i], "retry:"))
			;
		epoll_ctl(epoll, EPOLL_CTL_ADD, streams[i].fd, &wanted);
	}
}

/* Called after all streams have received the event. */
static void
check_answer(int fd)
{
	char		data[64] = "";

	if (recv(fd, data, sizeof(data) - 1, MSG_WAITALL) < 0 || strncmp(data, "HTTP/1.1 201", 12) != 0)
		give_up("no lock: %s", data);
	close(fd);
}

/* Milliseconds from the request for the row's lock to the last stream. */
static double
lock_row(const char *rows, int row, int n_streams, int epoll)
{
	struct epoll_event events[MOST_EVENTS];
	char		path[1024];
	int			fd = connect_to_server();
	double		start = now_ms();
	double		end;
	char		headers[512];

	snprintf(path, sizeof(path), "%s%d/lock", rows, row);
	snprintf(headers, sizeof(headers), "X-CSRF-Token: %s\r\nContent-Length: 0\r\nConnection: close\r\n", csrf);
	ask(fd, "POST", path, headers);
	while (n_streams > 0)
	{
		int			n = epoll_wait(epoll, events, MOST_EVENTS, PATIENCE_MS);

		if (n <= 0)
		{
			check_answer(fd);
			give_up("%d streams have not received the event of row %d", n_streams, row);
		}
		for (int i = 0; i < n; i++)
			n_streams -= receive(events[i].data.ptr, "\"acquired\"");
	}
	end = now_ms();
	check_answer(fd);
	return end - start;
}

static void
raise_limit(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static void
run(char **command)
{
	int			status;

	fflush(stdout);
	if (fork() == 0)
	{
		execvp(command[0], command);
		_exit(127);
	}
	if (wait(&status) < 0 || status != 0)
		give_up("%s failed", command[0]);
}

int
main(int argc, char **argv)
{
	int			n_streams;
	int			epoll = epoll_create1(EPOLL_CLOEXEC);
	long		kb;

	if (argc < 9)
		give_up("usage: stream_client PORT COOKIE CSRF PID STREAMS EVENTS ROWS COMMAND...");
	port = atoi(argv[1]);
	cookie = argv[2];
	csrf = argv[3];
	n_streams = atoi(argv[5]);
	raise_limit();
	kb = resident_kb(argv[4]);
	open_streams(n_streams, epoll);
	for (int i = 0; i < atoi(argv[6]); i++)
		printf("%.3f\n", lock_row(argv[7], 2 * i + 1, n_streams, epoll));
	printf("%.2f\n", (double) (resident_kb(argv[4]) - kb) / n_streams);
	run(argv + 8);
	return 0;
}
