/*
 * postgres.c
 *		Locks by two prepared statements.  ACQUIRE has the parameters key and
 *		owner, and returns the token, or no row if the lock is refused.
 *		PROCEED has token and key.  The second parameter of both is optional.
 */
#include "lock_client.h"

#include <libpq-fe.h>
#include <string.h>

#define LOCK_NOT_AVAILABLE "55P03"

static const char *const statement_names[] = {"acquire", "proceed"};

static void
check(PGconn *connection, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		die("PostgreSQL: %s", PQerrorMessage(connection));
	PQclear(result);
}

static void
connect_postgres(Client *client, const char *where, const char *acquire, const char *proceed)
{
	PGconn	   *connection = PQconnectdb(where);
	const char *owner = client->owner;

	if (PQstatus(connection) != CONNECTION_OK)
		die("PostgreSQL: %s", PQerrorMessage(connection));
	check(connection, PQexecParams(connection, "SELECT set_config('locking.owner', $1, false)",
								   1, NULL, &owner, NULL, NULL, 0));
	check(connection, PQprepare(connection, statement_names[ACQUIRE], acquire, 0, NULL));
	check(connection, PQprepare(connection, statement_names[PROCEED], proceed, 0, NULL));
	client->connection = connection;
}

static int
socket_of(const Client *client)
{
	return PQsocket(client->connection);
}

/* PostgreSQL expects exactly the parameters of the statement. */
static int
count_parameters(PGconn *connection, const char *name)
{
	PGresult   *result = PQdescribePrepared(connection, name);
	int			count = PQnparams(result);

	check(connection, result);
	return count;
}

static void
ask(Client *client)
{
	static int	counts[2] = {-1, -1};
	const char *name = statement_names[client->step];
	const char *parameters[2];

	if (counts[client->step] < 0)
		counts[client->step] = count_parameters(client->connection, name);
	parameters[0] = client->step == ACQUIRE ? client->key : client->token;
	parameters[1] = client->step == ACQUIRE ? client->owner : client->key;
	if (!PQsendQueryPrepared(client->connection, name, counts[client->step], parameters, NULL, NULL, 0))
		die("PostgreSQL: %s", PQerrorMessage(client->connection));
}

static Answer
read_result(Client *client, PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (state && strcmp(state, LOCK_NOT_AVAILABLE) == 0)
		return REFUSED;
	if (state)
		die("PostgreSQL: %s", PQresultErrorMessage(result));
	if (client->step == PROCEED)
		return GRANTED;
	if (PQntuples(result) == 0 || PQgetisnull(result, 0, 0))
		return REFUSED;
	strncpy(client->token, PQgetvalue(result, 0, 0), sizeof(client->token) - 1);
	return GRANTED;
}

static Answer
answer(Client *client)
{
	Answer		answer = PENDING;
	PGresult   *result;

	if (!PQconsumeInput(client->connection))
		die("PostgreSQL: %s", PQerrorMessage(client->connection));
	if (PQisBusy(client->connection))
		return PENDING;
	while ((result = PQgetResult(client->connection)) != NULL)
	{
		answer = read_result(client, result);
		PQclear(result);
	}
	return answer;
}

static void
disconnect(Client *client)
{
	PQfinish(client->connection);
}

const Service postgres_service = {connect_postgres, socket_of, ask, answer, disconnect};
