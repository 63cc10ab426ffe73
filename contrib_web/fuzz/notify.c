/*
 * notify.c
 *		Fuzzes payloads of notifications, from the database to a stream
 *
 * Any role that can connect can send any payload, on the channel of events
 * and on that of presence.  It must neither corrupt the stream nor disclose a
 * token.  The simulated right of the reader to a table depends on the length
 * of the table's name.
 */
#include "../src/events/listen.c"

#include "connection.h"
#include "harness.h"
#include "base/options.h"
#include "session/session.h"

static Session *session;
static Stream *stream;

static Right
right_to(const char *table)
{
	return (Right[]) {RIGHT_FULL, RIGHT_CHANGED, RIGHT_NONE}[strlen(table) % 3];
}

/* Simulates sql/rights.sql for the only reader, the service role. */
PGresult *
PQexecPrepared(PGconn *pg, const char *name, int n, const char *const *values, const int *lengths, const int *formats, int format)
{
	static PGresAttDesc columns[] =
	{
		{
			"role", 0, 0, 0, 25, -1
		},
		{
			"right", 0, 0, 0, 23, 4
		}
	};
	PGresult   *result = PQmakeEmptyPGresult(pg, PGRES_TUPLES_OK);
	char		number[12];

	(void) name;
	(void) n;
	(void) lengths;
	(void) formats;
	(void) format;
	snprintf(number, sizeof(number), "%d", (int) right_to(values[0]));
	PQsetResultAttrs(result, 2, columns);
	PQsetvalue(result, 0, 0, "", 0);
	PQsetvalue(result, 0, 1, number, strlen(number));
	return result;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char	   *args[] = {"fuzz", "--dsn", "host=/nonexistent", NULL};

	(void) argc;
	(void) argv;
	options_read(3, args);
	events_init();
	events_listening(true);
	presence_init();
	session = session_new_proxied("anna", NULL);
	if (!session_open(session, &(Address) {0}, NULL))
		abort();
	return 0;
}

/* A new stream for each input, so that no cached rights remain */
static void
begin_stream(void)
{
	stream = stream_open(connection, session, NULL);
}

static void
check_data(const char *data)
{
	json_t	   *json = json_loads(data, JSON_REJECT_DUPLICATES, NULL);
	const char *table = json_string_value(json_object_get(json, "table"));
	Right		right = table ? right_to(table) : RIGHT_NONE;

	if (right == RIGHT_NONE || json_object_get(json, "token"))
		abort();
	if (right == RIGHT_CHANGED && json_object_size(json) != 2)
		abort();
	json_decref(json);
}

/*
 * The stream's beginning ("retry:"), or an event: id, kind, and one line of
 * data.
 */
static void
check_block(const char *block)
{
	const char *line = strchr(block, '\n');
	const char *data = line ? strstr(line, "\ndata: ") : NULL;

	if (strncmp(block, "retry: ", 7) == 0)
		return;
	if (strncmp(block, "id: ", 4) != 0 || data == NULL || data != strchr(line + 1, '\n') ||
		(strncmp(line, "\nevent: lock\n", 13) != 0 && strncmp(line, "\nevent: presence\n", 17) != 0))
		abort();
	data += strlen("\ndata: ");
	if (data[strcspn(data, "\r\n")])
		abort();
	check_data(data);
}

/* Each input is a slice of its own, so time passes in between. */
static void
handle_presence(const char *payload)
{
	static int64_t now;
	char	   *message;
	char	   *table;
	json_t	   *event;

	presence_receive(payload, now);
	now += PRESENCE_SLICE_MS;
	if (!presence_begin_slice(now))
		return;
	while ((message = presence_next_message(now)) != NULL)
		free(message);
	while (presence_next_row(&table, &event))
	{
		publish(NULL, "presence", table, event);
		json_decref(event);
		free(table);
	}
	presence_remove_expired(now);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char sent[1 << 20];
	char	   *payload = strndup((const char *) data, size);
	size_t		length = 0;
	ssize_t		n;

	begin_stream();
	handle(NULL, payload);
	handle_presence(payload);
	while ((n = stream_read(stream, 0, sent + length, sizeof(sent) - 1 - length)) > 0)
		length += n;
	sent[length] = '\0';
	for (char *block = sent, *end; (end = strstr(block, "\n\n")) != NULL; block = end + 2)
	{
		*end = '\0';
		check_block(block);
	}
	stream_close(stream);
	free(payload);
	return 0;
}
