/*
 * options.c
 *		Reads flags, environment and configuration file by one table.
 *
 * A flag beats the environment, and that the file.  An option given several
 * times is a list if it can be one; the environment and the file separate its
 * items by commas.
 */
#include "base/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

Options		options = {.access_log = true};

typedef enum Kind
{
	TEXT,
	LIST,
	NUMBER,
	SWITCH						/* on, off */
} Kind;

typedef enum Source
{
	DEFAULT,
	CONFIG_FILE,
	ENVIRONMENT,
	FLAG
} Source;

typedef struct Option
{
	const char *name;
	const char *argument;
	Kind		kind;
	void	   *value;
	const char *preset;
	long		min,
				max;
	const char *help;
	Source		source;			/* of the value it has */
} Option;

static Option table[] = {
	{"listen", "ADDRESS:PORT", TEXT, &options.listen, "127.0.0.1:8080", 0, 0, "where to listen; port 0: any, which is printed", DEFAULT},
	{"dsn", "CONNINFO", TEXT, &options.dsn, "", 0, 0, "the database, and the service role", DEFAULT},
	{"tls-cert", "FILE", TEXT, &options.tls_cert, NULL, 0, 0, "certificate chain, PEM", DEFAULT},
	{"tls-key", "FILE", TEXT, &options.tls_key, NULL, 0, 0, "its private key, PEM", DEFAULT},
	{"user-header", "NAME", TEXT, &options.user_header, NULL, 0, 0, "a proxy signs people in and names them here", DEFAULT},
	{"name-header", "NAME", TEXT, &options.name_header, NULL, 0, 0, "and here the name that people read", DEFAULT},
	{"trusted-proxy", "CIDR", LIST, &options.trusted_proxies, NULL, 0, 0, "address of such a proxy", DEFAULT},
	{"allow-origin", "ORIGIN", LIST, &options.allowed_origins, NULL, 0, 0, "another site whose pages may ask", DEFAULT},
	{"ajax-base", "PATH", TEXT, &options.ajax_base, "/admin/ajax/", 0, 0, "where django-locking's calls are answered", DEFAULT},
	{"access-log", "on|off", SWITCH, &options.access_log, "on", 0, 0, "a line for each request", DEFAULT},
	{"workers", "N", NUMBER, &options.workers, "16", 1, 256, "threads that wait for the database", DEFAULT},
	{"queue", "N", NUMBER, &options.queue, "1000", 1, 100000, "requests that may wait for a worker", DEFAULT},
	{"max-body", "BYTES", NUMBER, &options.max_body, "1048576", 1024, 1L << 30, "of a request", DEFAULT},
	{"session-idle", "SECONDS", NUMBER, &options.session_idle, "3600", 1, 31536000, "a session ends when unused for so long", DEFAULT},
	{"session-absolute", "SECONDS", NUMBER, &options.session_absolute, "43200", 1, 31536000, "and after this in any case", DEFAULT},
	{"max-sessions", "N", NUMBER, &options.max_sessions, "1000", 1, 1000000, "in all", DEFAULT},
	{"sessions-per-role", "N", NUMBER, &options.sessions_per_role, "20", 1, 1000000, "of one role, or user of the proxy", DEFAULT},
	{"requests-per-session", "N", NUMBER, &options.requests_per_session, "4", 1, 256, "at the same time; the others wait", DEFAULT},
	{"max-connections", "N", NUMBER, &options.max_connections, "8000", 8, 1000000, "of clients", DEFAULT},
	{"connections-per-address", "N", NUMBER, &options.connections_per_address, "256", 0, 1000000, "0: as many as there may be", DEFAULT},
	{"max-streams", "N", NUMBER, &options.max_streams, "6000", 1, 1000000, "event streams in all", DEFAULT},
	{"streams-per-session", "N", NUMBER, &options.streams_per_session, "8", 1, 1000000, "another one ends the oldest", DEFAULT},
	{"request-timeout", "SECONDS", NUMBER, &options.request_timeout, "30", 1, 3600, "for a client to send, or to take an answer", DEFAULT},
	{"ping", "SECONDS", NUMBER, &options.ping, "15", 1, 3600, "between signs of life on a stream", DEFAULT},
	{"database-connections", "N", NUMBER, &options.database_connections, "60", 1, 100000, "in all, at most", DEFAULT},
	{"database-idle", "SECONDS", NUMBER, &options.database_idle, "60", 1, 86400, "an unused one is closed after", DEFAULT},
	{"reauthenticate", "SECONDS", NUMBER, &options.reauthenticate, "40", 1, 3600, "a session's role and password are checked anew after", DEFAULT},
	{"statement-timeout", "SECONDS", NUMBER, &options.statement_timeout, "15", 1, 86400, "for a statement", DEFAULT},
	{"lock-timeout", "SECONDS", NUMBER, &options.lock_timeout, "5", 1, 86400, "for waiting for somebody's transaction", DEFAULT},
};

#define N_OPTIONS (sizeof(table) / sizeof(table[0]))

static char place[PATH_MAX + 32];	/* "FILE:LINE: " while a line of the file is read */

static void __attribute__((noreturn))
refer_to_help(void)
{
	fputs("Try \"locking-web --help\".\n", stderr);
	exit(2);
}

static void __attribute__((noreturn, format(printf, 1, 2)))
refuse(const char *template,...)
{
	va_list		args;

	fprintf(stderr, "locking-web: %s", place);
	va_start(args, template);
	vfprintf(stderr, template, args);
	va_end(args);
	fputc('\n', stderr);
	refer_to_help();
}

static char *
copy(const char *text, size_t length)
{
	char	   *result = strndup(text, length);

	if (result == NULL)
		abort();
	return result;
}

/* ---- values ---- */

static void
set_number(Option *option, const char *text)
{
	char	   *end;
	long		number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || end == text || *end || number < option->min || number > option->max)
		refuse("%s: \"%s\" is not a number from %ld to %ld", option->name, text, option->min, option->max);
	*(long *) option->value = number;
}

static void
set_switch(Option *option, const char *text)
{
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		refuse("%s: \"%s\" is neither on nor off", option->name, text);
	*(bool *) option->value = strcmp(text, "on") == 0;
}

static void
append(TextList *list, const char *text, size_t length)
{
	list->items = reallocarray(list->items, list->n + 1, sizeof(char *));
	if (list->items == NULL)
		abort();
	list->items[list->n++] = copy(text, length);
}

static void
set_list(Option *option, const char *text, bool replace)
{
	TextList   *list = option->value;
	size_t		length;

	while (replace && list->n > 0)
		free(list->items[--list->n]);
	for (; *text; text += length)
	{
		text += strspn(text, ", \t");
		length = strcspn(text, ", \t");
		if (length)
			append(list, text, length);
	}
}

static void
set_option(Option *option, const char *text, Source source)
{
	switch (option->kind)
	{
		case TEXT:
			free(*(char **) option->value);
			*(char **) option->value = copy(text, strlen(text));
			break;
		case LIST:
			set_list(option, text, option->source != source);
			break;
		case NUMBER:
			set_number(option, text);
			break;
		case SWITCH:
			set_switch(option, text);
			break;
	}
	option->source = source;
}

/* ---- sources ---- */

static void
read_defaults(void)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (table[i].preset)
			set_option(&table[i], table[i].preset, DEFAULT);
}

static char *
trim(char *text)
{
	char	   *end;

	text += strspn(text, " \t\r\n");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	return text;
}

static Option *
find_option(const char *name)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static void
read_line(const char *file, int number, char *line)
{
	char	   *equals;
	Option	   *option;

	line = trim(line);
	if (*line == '\0' || *line == '#')
		return;
	snprintf(place, sizeof(place), "%s:%d: ", file, number);
	equals = strchr(line, '=');
	if (equals == NULL)
		refuse("not \"key = value\"");
	*equals = '\0';
	option = find_option(trim(line));
	if (option == NULL)
		refuse("there is no option \"%s\"", trim(line));
	set_option(option, trim(equals + 1), CONFIG_FILE);
	*place = '\0';
}

static void
read_file(const char *name)
{
	FILE	   *file = fopen(name, "re");
	char	   *line = NULL;
	size_t		room = 0;

	if (file == NULL)
		refuse("%s: %s", name, strerror(errno));
	for (int number = 1; getline(&line, &room, file) >= 0; number++)
		read_line(name, number, line);
	if (ferror(file))
		refuse("%s: %s", name, strerror(errno));
	free(line);
	fclose(file);
}

/* "tls-key" is LOCKING_WEB_TLS_KEY. */
static const char *
environment(const char *option)
{
	char		name[64] = "LOCKING_WEB_";
	size_t		n = strlen(name);

	for (; *option && n < sizeof(name) - 1; option++)
		name[n++] = *option == '-' ? '_' : *option - ('a' - 'A');
	return getenv(name);
}

static void
read_environment(void)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
	{
		const char *value = environment(table[i].name);

		if (value)
			set_option(&table[i], value, ENVIRONMENT);
	}
}

static void
print_help(void)
{
	puts("locking-web: the web front end of the PostgreSQL extension locking.\n\n"
		 "Usage: locking-web [OPTION...]\n\n"
		 "  --config FILE                     lines \"option = value\", names as below\n"
		 "  --help, --version");
	for (size_t i = 0; i < N_OPTIONS; i++)
	{
		const Option *option = &table[i];

		printf("  --%s %-*s %s%s%s%s\n", option->name, (int) (30 - strlen(option->name)), option->argument,
			   option->help, option->preset && *option->preset ? " (" : "", option->preset ? option->preset : "",
			   option->preset && *option->preset ? ")" : "");
	}
	puts("\nEach is also read from the environment: --tls-key from LOCKING_WEB_TLS_KEY.");
}

/*
 * Flags are looked at twice, as one of them says which file comes before
 * them.
 */
enum
{
	FLAG_HELP = N_OPTIONS,
	FLAG_VERSION,
	FLAG_CONFIG,
	N_FLAGS
};

static void
describe_flags(struct option *flags)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		flags[i] = (struct option) {table[i].name, required_argument, NULL, (int) i};
	flags[FLAG_HELP] = (struct option) {"help", no_argument, NULL, FLAG_HELP};
	flags[FLAG_VERSION] = (struct option) {"version", no_argument, NULL, FLAG_VERSION};
	flags[FLAG_CONFIG] = (struct option) {"config", required_argument, NULL, FLAG_CONFIG};
	flags[N_FLAGS] = (struct option) {NULL, 0, NULL, 0};
}

static const char *
look_at_flags(int argc, char **argv, const struct option *flags)
{
	const char *config = getenv("LOCKING_WEB_CONFIG");
	int			flag;

	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
	{
		if (flag == '?')
			refer_to_help();	/* getopt has said why */
		if (flag == FLAG_HELP)
		{
			print_help();
			exit(0);
		}
		if (flag == FLAG_VERSION)
		{
			puts("locking-web " VERSION);
			exit(0);
		}
		if (flag == FLAG_CONFIG)
			config = optarg;
	}
	if (optind < argc)
		refuse("\"%s\" is no option", argv[optind]);
	return config;
}

static void
read_flags(int argc, char **argv, const struct option *flags)
{
	int			flag;

	optind = 0;					/* GNU: start anew */
	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
		if (flag < (int) N_OPTIONS)
			set_option(&table[flag], optarg, FLAG);
}

/* ---- all of them together ---- */

/* As browsers send it: without a path, not even a slash. */
static bool
is_origin(const char *text)
{
	const char *host = strncasecmp(text, "https://", 8) == 0 ? text + 8 : strncasecmp(text, "http://", 7) == 0 ? text + 7 : "";

	return *host && host[strcspn(host, "/?#@")] == '\0';
}

static void
check_options(void)
{
	size_t		length = strlen(options.ajax_base);

	if ((options.tls_cert == NULL) != (options.tls_key == NULL))
		refuse("tls-cert and tls-key: one is of no use without the other");
	if (options.user_header && options.trusted_proxies.n == 0)
		refuse("user-header: believed from trusted-proxy only, of which there is none");
	if (options.name_header && options.user_header == NULL)
		refuse("name-header: of no use without user-header");
	for (size_t i = 0; i < options.allowed_origins.n; i++)
		if (!is_origin(options.allowed_origins.items[i]))
			refuse("allow-origin: \"%s\" is not like https://app.example.org", options.allowed_origins.items[i]);
	if (length == 0 || options.ajax_base[0] != '/' || options.ajax_base[length - 1] != '/')
		refuse("ajax-base: \"%s\" does not begin and end with /", options.ajax_base);
}

void
options_read(int argc, char **argv)
{
	struct option flags[N_FLAGS + 1];
	const char *config;

	describe_flags(flags);
	config = look_at_flags(argc, argv, flags);
	read_defaults();
	if (config)
		read_file(config);
	read_environment();
	read_flags(argc, argv, flags);
	check_options();
}
