/*
 * log.c
 *		Log on stderr: a line for each request, and messages for the operator
 *
 * In text received from clients, everything but printable ASCII is escaped.
 * This prevents forged lines and terminal escape sequences.  Each line is
 * written by a single write(), so that lines of several threads do not mix.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/options.h"

#define LINE_SIZE 1024
#define PATH_MAX_LOGGED 512		/* leaves room for the fields after it */
#define NAME_MAX_LOGGED 128

typedef struct Line
{
	char		text[LINE_SIZE];
	size_t		length;
} Line;

static void
__attribute__((format(printf, 2, 3)))
add(Line *line, const char *template,...)
{
	/* 1 for the newline */
	size_t		room = sizeof(line->text) - 1 - line->length;
	va_list		args;
	int			length;

	va_start(args, template);
	length = vsnprintf(line->text + line->length, room, template, args);
	va_end(args);
	if (length > 0)
		line->length += (size_t) length < room ? (size_t) length : room - 1;
}

static void
add_escaped(Line *line, const char *text, size_t max, bool spaces)
{
	size_t		start = line->length;

	for (; *text && line->length - start < max; text++)
	{
		unsigned char c = *text;

		if (c > ' ' && c < 0x7f && c != '\\' && c != '"')
			add(line, "%c", c);
		else if (spaces && (c == ' ' || c == '"'))
			add(line, "%c", c);
		else
			add(line, "\\x%02x", c);
	}
}

static void
add_time(Line *line)
{
	struct timespec now;
	struct tm	utc;
	char		text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	add(line, "%s.%03ldZ ", text, now.tv_nsec / 1000000);
}

static void
write_line(Line *line)
{
	ssize_t		written;

	line->text[line->length++] = '\n';
	written = write(STDERR_FILENO, line->text, line->length);
	(void) written;				/* there is no other place to report errors */
}

void
log_request(const char *peer, const char *role, const char *method, const char *path,
			unsigned status, double ms, uint64_t bytes)
{
	Line		line = {.length = 0};

	if (!options.access_log)
		return;
	add_time(&line);
	add(&line, "%s ", peer);
	add_escaped(&line, role ? role : "-", NAME_MAX_LOGGED, false);
	add(&line, " ");
	add_escaped(&line, method, NAME_MAX_LOGGED, false);
	add(&line, " ");
	add_escaped(&line, path, PATH_MAX_LOGGED, false);
	add(&line, " %u %.1f %llu", status, ms, (unsigned long long) bytes);
	write_line(&line);
}

void
log_message(const char *template,...)
{
	Line		line = {.length = 0};
	char		text[LINE_SIZE];
	va_list		args;

	va_start(args, template);
	vsnprintf(text, sizeof(text), template, args);
	va_end(args);
	text[strcspn(text, "\n")] = '\0';
	add_time(&line);
	add(&line, "locking-web: ");
	add_escaped(&line, text, LINE_SIZE, true);
	write_line(&line);
}

void
report_error(const char *subject, const char *reason)
{
	fprintf(stderr, "locking-web: %s: %s\n", subject, reason);
}
