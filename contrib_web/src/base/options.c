/*
 * options.c
 *		Parser for flags, environment and configuration file
 *
 * Precedence: flag, environment, file.  A list option can be repeated; in the
 * environment and in the file its items are separated by commas.
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

#include "base/text.h"

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
	const char *default_value;
	long		min,
				max;
	const char *help;
	Source		source;			/* of the current value */
} Option;

static Option table[] = {
	{"listen", "ADDRESS:PORT", TEXT, &options.listen, "127.0.0.1:8080", 0, 0, "address to listen on; port 0: any free port, printed at startup", DEFAULT},
	{"dsn", "CONNINFO", TEXT, &options.dsn, "", 0, 0, "database and service role", DEFAULT},
	{"password-file", "FILE", TEXT, &options.password_file, NULL, 0, 0, "password of the service role", DEFAULT},
	{"tls-cert", "FILE", TEXT, &options.tls_cert, NULL, 0, 0, "certificate chain, PEM", DEFAULT},
	{"tls-key", "FILE", TEXT, &options.tls_key, NULL, 0, 0, "private key, PEM", DEFAULT},
	{"user-header", "NAME", TEXT, &options.user_header, NULL, 0, 0, "header in which an authenticating proxy sends the user", DEFAULT},
	{"name-header", "NAME", TEXT, &options.name_header, NULL, 0, 0, "header in which it sends the user's display name", DEFAULT},
	{"group-header", "NAME", TEXT, &options.group_header, NULL, 0, 0, "header in which it sends the user's groups, separated by commas", DEFAULT},
	{"take-over-group", "NAME", LIST, &options.take_over_groups, NULL, 0, 0, "group whose members may take over and remove others' locks; \"in quotes\" if its name has a blank", DEFAULT},
	{"trusted-proxy", "CIDR", LIST, &options.trusted_proxies, NULL, 0, 0, "address or network of the proxy", DEFAULT},
	{"allow-origin", "ORIGIN", LIST, &options.allowed_origins, NULL, 0, 0, "another site whose pages may call the API", DEFAULT},
	{"base-path", "PATH", TEXT, &options.base_path, "", 0, 0, "path below which a proxy serves the program, such as /locks", DEFAULT},
	{"ajax-base", "PATH", TEXT, &options.ajax_base, "/admin/ajax/", 0, 0, "path for requests of django-locking", DEFAULT},
	{"ajax-table", "APP/MODEL=TABLE", LIST, &options.ajax_tables, NULL, 0, 0, "table of a django-locking model, unless app_model", DEFAULT},
	{"ajax-ttl", "SECONDS", NUMBER, &options.ajax_ttl, "90", 1, 86400, "maximum time of a lock of django-locking between requests", DEFAULT},
	{"idle-limit", "SECONDS", LIST, &options.idle_limits, "3600", 0, 0, "time for which an open page keeps its lock unused; TABLE=SECONDS: in a table", DEFAULT},
	{"access-log", "on|off", SWITCH, &options.access_log, "on", 0, 0, "log a line for each request", DEFAULT},
	{"workers", "N", NUMBER, &options.workers, "16", 1, 256, "threads that wait for the database", DEFAULT},
	{"queue", "N", NUMBER, &options.queue, "1000", 1, 100000, "maximum number of requests that wait for a worker", DEFAULT},
	{"max-body", "BYTES", NUMBER, &options.max_body, "16777216", 1024, 1L << 30, "maximum size of a request body", DEFAULT},
	{"session-idle", "SECONDS", NUMBER, &options.session_idle, "3600", 1, 31536000, "time without requests after which a session ends", DEFAULT},
	{"session-absolute", "SECONDS", NUMBER, &options.session_absolute, "43200", 1, 31536000, "time after which a session ends even if in use", DEFAULT},
	{"max-sessions", "N", NUMBER, &options.max_sessions, "1000", 1, 1000000, "maximum number of sessions", DEFAULT},
	{"sessions-per-role", "N", NUMBER, &options.sessions_per_role, "20", 1, 1000000, "the same for one role, or user of the proxy", DEFAULT},
	{"requests-per-session", "N", NUMBER, &options.requests_per_session, "4", 1, 256, "concurrent requests of a session; others wait", DEFAULT},
	{"max-connections", "N", NUMBER, &options.max_connections, "8000", 8, 1000000, "maximum number of client connections", DEFAULT},
	{"connections-per-address", "N", NUMBER, &options.connections_per_address, "256", 0, 1000000, "the same for one address; 0: no limit", DEFAULT},
	{"max-streams", "N", NUMBER, &options.max_streams, "6000", 1, 1000000, "maximum number of event streams", DEFAULT},
	{"streams-per-session", "N", NUMBER, &options.streams_per_session, "8", 1, 1000000, "the same for one session; the oldest is closed", DEFAULT},
	{"request-timeout", "SECONDS", NUMBER, &options.request_timeout, "30", 1, 3600, "time for a client to send a request or receive a reply", DEFAULT},
	{"ping", "SECONDS", NUMBER, &options.ping, "15", 1, 3600, "time between keepalives on a stream", DEFAULT},
	{"database-connections", "N", NUMBER, &options.database_connections, "60", 1, 100000, "maximum number of database connections", DEFAULT},
	{"database-idle", "SECONDS", NUMBER, &options.database_idle, "60", 1, 86400, "time after which an idle database connection is closed", DEFAULT},
	{"reauthenticate", "SECONDS", NUMBER, &options.reauthenticate, "40", 1, 3600, "time after which a session's role and password are checked again", DEFAULT},
	{"statement-timeout", "SECONDS", NUMBER, &options.statement_timeout, "15", 1, 86400, "maximum time for a statement", DEFAULT},
	{"lock-timeout", "SECONDS", NUMBER, &options.lock_timeout, "5", 1, 86400, "maximum time to wait for other transactions", DEFAULT},
};

#define N_OPTIONS (sizeof(table) / sizeof(table[0]))

/* "FILE:LINE: " while a line of the file is parsed */
static char location[PATH_MAX + 32];

static void
__attribute__((noreturn))
refer_to_help(void)
{
	fputs("Try \"locking-web --help\".\n", stderr);
	exit(2);
}

static void
__attribute__((noreturn, format(printf, 1, 2)))
refuse(const char *template,...)
{
	va_list		args;

	fprintf(stderr, "locking-web: %s", location);
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

/* Length of a list's first item.  Names quoted as in SQL are not split. */
static size_t
item_length(const char *text)
{
	size_t		length = 0;
	bool		quoted = false;

	for (; text[length] && (quoted || !strchr(", \t", text[length])); length++)
		if (text[length] == '"')
			quoted = !quoted;
	return length;
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
		length = item_length(text);
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
		if (table[i].default_value)
			set_option(&table[i], table[i].default_value, DEFAULT);
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
	snprintf(location, sizeof(location), "%s:%d: ", file, number);
	equals = strchr(line, '=');
	if (equals == NULL)
		refuse("not \"key = value\"");
	*equals = '\0';
	option = find_option(trim(line));
	if (option == NULL)
		refuse("unknown option \"%s\"", trim(line));
	set_option(option, trim(equals + 1), CONFIG_FILE);
	*location = '\0';
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
	puts("locking-web is the web front end of the PostgreSQL extension locking.\n\n"
		 "Usage: locking-web [OPTION...]\n\n"
		 "  --config FILE                     file with lines \"option = value\"\n"
		 "  --check                           say what is missing for the program to run, and exit\n"
		 "  --help, --version");
	for (size_t i = 0; i < N_OPTIONS; i++)
	{
		const Option *option = &table[i];

		printf("  --%s %-*s %s%s%s%s\n", option->name, (int) (30 - strlen(option->name)), option->argument,
			   option->help, option->default_value && *option->default_value ? " (" : "", option->default_value ? option->default_value : "",
			   option->default_value && *option->default_value ? ")" : "");
	}
	puts("\nOptions can also be set in the environment: --tls-key as LOCKING_WEB_TLS_KEY.");
}

/*
 * Flags are parsed twice, because one of them names the configuration file,
 * which is read before the others apply.
 */
enum
{
	FLAG_HELP = N_OPTIONS,
	FLAG_VERSION,
	FLAG_CONFIG,
	FLAG_CHECK,
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
	flags[FLAG_CHECK] = (struct option) {"check", no_argument, NULL, FLAG_CHECK};
	flags[N_FLAGS] = (struct option) {NULL, 0, NULL, 0};
}

static const char *
scan_flags(int argc, char **argv, const struct option *flags)
{
	const char *config = getenv("LOCKING_WEB_CONFIG");
	int			flag;

	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
	{
		if (flag == '?')
			refer_to_help();	/* getopt has reported the error */
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
		if (flag == FLAG_CHECK)
			options.check = true;
		if (flag == FLAG_CONFIG)
			config = optarg;
	}
	if (optind < argc)
		refuse("unexpected argument \"%s\"", argv[optind]);
	return config;
}

static void
read_flags(int argc, char **argv, const struct option *flags)
{
	int			flag;

	optind = 0;					/* GNU getopt: restart */
	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
		if (flag < (int) N_OPTIONS)
			set_option(&table[flag], optarg, FLAG);
}

/* ---- checks of all options ---- */

/* An origin as sent by browsers, without path or trailing slash */
static bool
is_origin(const char *text)
{
	const char *host = strncasecmp(text, "https://", 8) == 0 ? text + 8 : strncasecmp(text, "http://", 7) == 0 ? text + 7 : "";

	return *host && host[strcspn(host, "/?#@")] == '\0';
}

/* "APP/MODEL=TABLE"; the table's name is left to the database. */
static bool
is_table_of_model(const char *text)
{
	const char *model = strchr(text, '/');
	const char *equals = strchr(text, '=');

	return model && equals && model > text && equals > model + 1 && equals[1] != '\0';
}

/* SECONDS or TABLE=SECONDS */
static bool
is_idle_limit(const char *text)
{
	const char *equals = strrchr(text, '=');
	const char *seconds = equals ? equals + 1 : text;
	size_t		digits = strspn(seconds, "0123456789");

	return equals != text && digits > 0 && digits <= 8 && seconds[digits] == '\0';
}

/* Replaces a name quoted as in SQL by the name. */
static void
unquote(char *text)
{
	char	   *end = text;
	bool		quoted = false;

	for (const char *from = text; *from; from++)
	{
		if (*from == '"')
			quoted = !quoted;
		if (*from != '"' || (quoted && from > text && from[-1] == '"'))
			*end++ = *from;
	}
	*end = '\0';
}

static void
check_options(void)
{
	size_t		length = strlen(options.ajax_base);

	if ((options.tls_cert == NULL) != (options.tls_key == NULL))
		refuse("tls-cert and tls-key must be set together");
	if (options.user_header && options.trusted_proxies.n == 0)
		refuse("user-header requires trusted-proxy");
	if (options.name_header && options.user_header == NULL)
		refuse("name-header requires user-header");
	if (options.group_header && options.user_header == NULL)
		refuse("group-header requires user-header");
	if (options.take_over_groups.n > 0 && options.group_header == NULL)
		refuse("take-over-group requires group-header");
	for (size_t i = 0; i < options.take_over_groups.n; i++)
		unquote(options.take_over_groups.items[i]);
	for (size_t i = 0; i < options.idle_limits.n; i++)
		if (!is_idle_limit(options.idle_limits.items[i]))
			refuse("idle-limit: \"%s\" is neither a number of seconds nor TABLE=SECONDS", options.idle_limits.items[i]);
	for (size_t i = 0; i < options.allowed_origins.n; i++)
		if (!is_origin(options.allowed_origins.items[i]))
			refuse("allow-origin: \"%s\" is not an origin such as https://app.example.org", options.allowed_origins.items[i]);
	if (!is_base_path(options.base_path))
		refuse("base-path: \"%s\" is not a path such as /locks, without trailing slash", options.base_path);
	for (size_t i = 0; i < options.ajax_tables.n; i++)
		if (!is_table_of_model(options.ajax_tables.items[i]))
			refuse("ajax-table: \"%s\" is not of the form app/model=schema.table", options.ajax_tables.items[i]);
	if (length == 0 || options.ajax_base[0] != '/' || options.ajax_base[length - 1] != '/')
		refuse("ajax-base: \"%s\" must begin and end with /", options.ajax_base);
}

void
options_read(int argc, char **argv)
{
	struct option flags[N_FLAGS + 1];
	const char *config;

	describe_flags(flags);
	config = scan_flags(argc, argv, flags);
	read_defaults();
	if (config)
		read_file(config);
	read_environment();
	read_flags(argc, argv, flags);
	check_options();
}
