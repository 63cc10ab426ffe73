/*
 * client.c
 *		The load: processes that execute random operations on random rows,
 *		with random faults.  Each records what it was told.
 *
 * client OPERATIONS RECORDS CLIENTS SECONDS SEED [FIRST]
 *
 * OPERATIONS is the folder of the operations.  In the folder RECORDS, each
 * client writes a file, in the format that README.md describes.  FIRST is the
 * number of the first client, if others write to the same folder.  SIGTERM
 * ends the load before its time, after the operations in progress.
 */
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "operation.h"
#include "session.h"

#define MAX_PLACES 256
#define MAX_VALUES 8
#define MAX_CLIENTS 64

/* pause after an attempt to connect failed */
#define RECONNECT_US 20000

/* A row, by one of the keys that it may have. */
typedef struct Place
{
	char	   *table;
	int			number;			/* of the row in its table */
	char	   *key;			/* as a literal */
	int			row;			/* number among all rows */
} Place;

/* The last two locks of a row that this client has acquired. */
typedef struct Tokens
{
	char		latest[24];
	char		stale[24];
} Tokens;

/* A value that a statement of the operation returned. */
typedef struct Value
{
	char		name[16];
	char		text[200];
} Value;

/* An operation in progress. */
typedef struct Run
{
	const Operation *operation;
	const Place *place;
	char		id[32];			/* client/number */
	char		value[40];		/* to write */
	char		used[24];		/* token, if it uses one */
	char		text[40];		/* of the variable that was read last */
	int			wait_ms;
	char		gid[48];
	int			nvalues;
	Value		values[MAX_VALUES];
	char		outcome[16];
	char		message[120];
	int			pid;			/* of the backend */
} Run;

static const char *const owners[] = {"ann", "bob", "cid", "dan", "eve", "fay"};

#define NOWNERS (int) (sizeof(owners) / sizeof(owners[0]))

static const char *const kept[] = {"token", "read", "wrote", "noted", "waiting", "arrived", "gid"};

static Operation *operations;
static int	noperations;
static int	total_weight;
static Place places[MAX_PLACES];
static int	nplaces;
static Tokens tokens[MAX_PLACES];
static Session session;
static int	server_major;
static volatile sig_atomic_t stopping;

static int64_t
now_us(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return now.tv_sec * (int64_t) 1000000 + now.tv_usec;
}

/* ---- choices ---- */

static const Operation *
choose_operation(void)
{
	for (;;)
	{
		int			left = random_below(total_weight);
		int			i = 0;

		while (left >= operations[i].weight)
			left -= operations[i++].weight;
		if ((session.superuser || !operations[i].superuser) && operations[i].since <= server_major)
			return &operations[i];
	}
}

/* Mostly one of three places, which change twice a second. */
static const Place *
choose_place(const Operation *operation)
{
	uint32_t	hot = (now_us() / 500000) * 2654435761u;

	for (int tries = 0;; tries++)
	{
		bool		any = tries > 20 || random_below(10) == 0;
		const Place *place = &places[any ? random_below(nplaces) : (int) ((hot + random_below(3)) % nplaces)];

		if (runs_on(operation, place->table))
			return place;
	}
}

static const char *
choose_isolation(void)
{
	switch (random_below(8))
	{
		case 0:
			return "ISOLATION LEVEL REPEATABLE READ";
		case 1:
			return "ISOLATION LEVEL SERIALIZABLE";
		default:
			return "";
	}
}

/* Short enough for leases to be renewed, long enough for some to expire. */
static int
choose_ttl(void)
{
	return random_below(4) == 0 ? 1 + random_below(20) : 20 + random_below(180);
}

/* ---- variables ---- */

static const char *
format_text(Run *run, const char *format, int number)
{
	snprintf(run->text, sizeof(run->text), format, number);
	return run->text;
}

static const char *
use_token(Run *run, const char *token)
{
	if (token[0] == '\0')
		return NULL;
	snprintf(run->used, sizeof(run->used), "%s", token);
	return token;
}

static const char *
lookup(const char *name, void *context)
{
	Run		   *run = context;
	const Place *place = run->place;

	if (strcmp(name, "table") == 0)
		return place->table;
	if (strcmp(name, "key") == 0)
		return place->key;
	if (strcmp(name, "row") == 0)
		return format_text(run, "%d", place->number);
	if (strcmp(name, "id") == 0)
		return run->id;
	if (strcmp(name, "value") == 0)
		return run->value;
	if (strcmp(name, "token") == 0)
		return use_token(run, tokens[place->row].latest);
	if (strcmp(name, "stale") == 0)
		return use_token(run, tokens[place->row].stale);
	if (strcmp(name, "ttl") == 0)
		return format_text(run, "%d", choose_ttl());
	if (strcmp(name, "wait") == 0)
		return format_text(run, "%d", run->wait_ms);
	if (strcmp(name, "pause") == 0)
		return format_text(run, "0.%03d", random_below(80));
	if (strcmp(name, "other") == 0)
		return owners[random_below(NOWNERS)];
	if (strcmp(name, "isolation") == 0)
		return choose_isolation();
	if (strcmp(name, "gid") == 0)
		return run->gid[0] != '\0' ? run->gid : NULL;
	return NULL;
}

static void
keep_value(Run *run, const char *name, const char *text)
{
	Value	   *value = &run->values[run->nvalues];

	if (run->nvalues == MAX_VALUES)
		errx(1, "%s: too many values", run->operation->name);
	snprintf(value->name, sizeof(value->name), "%s", name);
	snprintf(value->text, sizeof(value->text), "%s", text);
	run->nvalues++;
	if (strcmp(name, "gid") == 0)
		snprintf(run->gid, sizeof(run->gid), "%s", text);
	if (strcmp(name, "token") == 0)
	{
		Tokens	   *known = &tokens[run->place->row];

		if (strcmp(known->latest, text) != 0)
			memcpy(known->stale, known->latest, sizeof(known->stale));
		snprintf(known->latest, sizeof(known->latest), "%s", text);
	}
}

static void
keep_values(Run *run, const PGresult *result)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
	{
		int			column = PQfnumber(result, kept[i]);

		if (column >= 0 && !PQgetisnull(result, 0, column))
			keep_value(run, kept[i], PQgetvalue(result, 0, column));
	}
}

/* ---- execution ---- */

static void
set_outcome(Run *run, const char *outcome)
{
	snprintf(run->outcome, sizeof(run->outcome), "%s", outcome);
}

static bool
in_transaction(void)
{
	return PQtransactionStatus(session.pg) != PQTRANS_IDLE;
}

static bool
begins_with(const char *sql, const char *word)
{
	return strncmp(sql, word, strlen(word)) == 0;
}

/*
 * Executes a statement; returns false if the operation ends with it.  If the
 * connection is lost, the outcome is "unknown" if the statement may have
 * committed something, otherwise "lost".  It is "unknown", too, if the
 * standby need not have got the commit.
 */
static bool
run_sql(Run *run, const char *sql, Fault fault)
{
	bool		may_commit = !in_transaction() || begins_with(sql, "COMMIT") || begins_with(sql, "PREPARE");
	PGresult   *result = session_run(&session, sql, fault);
	ExecStatusType status = PQresultStatus(result);
	bool		done = false;

	if (result == NULL)
		set_outcome(run, may_commit && !begins_with(sql, "BEGIN") ? "unknown" : "lost");
	else if (status == PGRES_TUPLES_OK && PQntuples(result) == 0)
		set_outcome(run, "nothing");
	else if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
	{
		keep_values(run, result);
		done = true;
	}
	else
	{
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

		set_outcome(run, state ? state : "error");
		snprintf(run->message, sizeof(run->message), "%s", message ? message : PQresultErrorMessage(result));
		run->message[strcspn(run->message, "\n\t")] = '\0';
	}
	PQclear(result);
	if (done && session.local_only)
	{
		set_outcome(run, "unknown");
		done = false;
	}
	return done;
}

/* Ends the transaction, in a way chosen at random. */
static bool
run_end(Run *run, Fault fault)
{
	char		sql[64];
	int			choice = random_below(100);
	bool		commits = random_below(10) < 7;

	if (choice < 85)
		return run_sql(run, "COMMIT", fault);
	if (choice < 93)
	{
		set_outcome(run, "rolled back");
		return run_sql(run, "ROLLBACK", NO_FAULT) && false;
	}
	snprintf(sql, sizeof(sql), "PREPARE TRANSACTION '%s'", run->id);
	if (!run_sql(run, sql, fault))
		return false;
	snprintf(sql, sizeof(sql), "%s PREPARED '%s'", commits ? "COMMIT" : "ROLLBACK", run->id);
	if (!run_sql(run, sql, commits ? fault : NO_FAULT))
	{
		set_outcome(run, "unknown");
		return false;
	}
	if (!commits)
		set_outcome(run, "rolled back");
	return commits;
}

static void
run_quietly(const char *sql)
{
	if (session.pg != NULL)
		PQclear(session_run(&session, sql, NO_FAULT));
}

static bool
run_statement(Run *run, const Statement *statement, Fault fault)
{
	char		sql[MAX_SQL];

	if (random_below(100) >= statement->chance)
		return true;
	if (strcmp(statement->sql, ":end") == 0)
		return run_end(run, fault);
	if (!substitute(sql, sizeof(sql), statement->sql, lookup, run))
	{
		set_outcome(run, "nothing");
		return false;
	}
	return run_sql(run, sql, fault);
}

/* Chooses whether, and how, a statement is disturbed. */
static Fault
choose_fault(void)
{
	int			choice = random_below(1000);

	return choice < 8 ? CANCEL : choice < 11 ? DISCONNECT : NO_FAULT;
}

static void
run_operation(Run *run)
{
	bool		hurried = random_below(100) < 3;

	if (hurried)
	{
		char		sql[64];

		snprintf(sql, sizeof(sql), "SET statement_timeout = %d", 1 + random_below(5));
		run_quietly(sql);
	}
	set_outcome(run, "ok");
	for (int i = 0; i < run->operation->nstatements; i++)
	{
		if (session.pg == NULL || !run_statement(run, &run->operation->statements[i], choose_fault()))
			break;
	}
	if (session.pg != NULL && in_transaction())
		run_quietly("ROLLBACK");
	if (hurried)
		run_quietly("RESET statement_timeout");
}

/* ---- records ---- */

static void
write_record(FILE *file, const Run *run, int64_t start)
{
	fprintf(file, "op\t%s\t%s\t%s\t%d\t%s\t%lld\t%lld\t%s\t%s\t", run->id, run->operation->name, run->place->table,
			run->place->number, session.owner, (long long) start, (long long) now_us(), run->outcome, run->value);
	fprintf(file, "used=%s wait=%d pid=%d", run->used, run->wait_ms, run->pid);
	for (int i = 0; i < run->nvalues; i++)
		fprintf(file, " %s=%s", run->values[i].name, run->values[i].text);
	fprintf(file, "\t%s\n", run->message[0] ? run->message : "-");
}

static void
run_client(const char *folder, int number, int seconds, int seed)
{
	char		path[MAX_SQL];
	FILE	   *file;
	int64_t		until = now_us() + seconds * (int64_t) 1000000;

	srandom(seed * 1000 + number);
	session.owner = owners[number % NOWNERS];
	session.superuser = number % 2 == 0;
	snprintf(path, sizeof(path), "%s/client%d", folder, number);
	file = fopen(path, "w");
	if (file == NULL)
		err(1, "%s", path);
	for (int n = 1; now_us() < until && !stopping; n++)
	{
		Run			run = {0};
		int64_t		start;

		if (session.pg == NULL && !session_connect(&session))
		{
			usleep(RECONNECT_US);
			continue;
		}
		run.operation = choose_operation();
		run.place = choose_place(run.operation);
		snprintf(run.id, sizeof(run.id), "%d/%d", number, n);
		snprintf(run.value, sizeof(run.value), "v%s", run.id);
		run.wait_ms = 20 + random_below(300);
		run.pid = PQbackendPID(session.pg);
		start = now_us();
		run_operation(&run);
		write_record(file, &run, start);
	}
	fclose(file);
}

/* ---- start ---- */

static int
row_of(const char *table, int number)
{
	for (int i = 0; i < nplaces; i++)
	{
		if (places[i].number == number && strcmp(places[i].table, table) == 0)
			return places[i].row;
	}
	return nplaces;
}

static void
load_places(void)
{
	PGconn	   *pg = PQconnectdb("user=postgres");
	PGresult   *result = PQexec(pg, "SELECT tab, n, quote_literal(key) FROM stress.place WHERE n <= 4 ORDER BY tab, n, key");

	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) > MAX_PLACES)
		errx(1, "places: %s", PQerrorMessage(pg));
	for (int i = 0; i < PQntuples(result); i++)
	{
		Place	   *place = &places[nplaces];

		place->table = strdup(PQgetvalue(result, i, 0));
		place->number = atoi(PQgetvalue(result, i, 1));
		place->key = strdup(PQgetvalue(result, i, 2));
		place->row = row_of(place->table, place->number);
		nplaces++;
	}
	server_major = PQserverVersion(pg) / 10000;
	PQclear(result);
	PQfinish(pg);
}

static pid_t children[MAX_CLIENTS];
static int	nchildren;

static void
stop(int number)
{
	stopping = true;
	for (int i = 0; i < nchildren; i++)
		kill(children[i], number);
}

int
main(int argc, char **argv)
{
	int			clients;
	int			first;
	int			status;
	int			failed = 0;

	if (argc < 6 || argc > 7 || atoi(argv[3]) > MAX_CLIENTS)
		errx(2, "usage: client OPERATIONS RECORDS CLIENTS SECONDS SEED [FIRST]");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, stop);
	operations = load_operations(argv[1], &noperations);
	for (int i = 0; i < noperations; i++)
		total_weight += operations[i].weight;
	load_places();
	clients = atoi(argv[3]);
	first = argc > 6 ? atoi(argv[6]) : 0;
	while (nchildren < clients)
	{
		pid_t		pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid == 0)
		{
			int			number = first + nchildren;

			nchildren = 0;
			run_client(argv[2], number, atoi(argv[4]), atoi(argv[5]));
			return 0;
		}
		children[nchildren++] = pid;
	}
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
