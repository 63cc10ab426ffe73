/*
 * redis.c
 *		Locks as Redis users take them: SET NX PX with a token made by the
 *		client, then a script that compares the token.
 */
#include "lock_client.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

/* The server's name of the script, which is the same for all clients. */
static char script_name[64];

static redisReply *
checked(redisContext *connection, redisReply *reply)
{
	if (reply == NULL)
		die("Redis: %s", connection->errstr);
	if (reply->type == REDIS_REPLY_ERROR)
		die("Redis: %s", reply->str);
	return reply;
}

/* ACQUIRE is a fixed command, so its text is unused. */
static void
connect_redis(Client *client, const char *where, const char *acquire, const char *proceed)
{
	redisContext *connection = redisConnectUnix(where);
	redisReply *reply;

	(void) acquire;
	if (connection == NULL || connection->err)
		die("Redis: %s", connection ? connection->errstr : "out of memory");
	reply = checked(connection, redisCommand(connection, "SCRIPT LOAD %s", proceed));
	snprintf(script_name, sizeof(script_name), "%s", reply->str);
	freeReplyObject(reply);
	client->connection = connection;
}

static int
socket_of(const Client *client)
{
	return ((const redisContext *) client->connection)->fd;
}

static void
flush(redisContext *connection)
{
	int			done = 0;

	while (!done)
		if (redisBufferWrite(connection, &done) != REDIS_OK)
			die("Redis: %s", connection->errstr);
}

static void
ask(Client *client)
{
	redisContext *connection = client->connection;

	if (client->step == ACQUIRE)
	{
		snprintf(client->token, sizeof(client->token), "%d:%d", client->number, client->answers);
		redisAppendCommand(connection, "SET lock:%s %s NX PX 120000", client->key, client->token);
	}
	else
		redisAppendCommand(connection, "EVALSHA %s 1 lock:%s %s", script_name, client->key, client->token);
	flush(connection);
}

static Answer
answer(Client *client)
{
	redisContext *connection = client->connection;
	void	   *reply;
	bool		granted;

	if (redisBufferRead(connection) != REDIS_OK || redisGetReplyFromReader(connection, &reply) != REDIS_OK)
		die("Redis: %s", connection->errstr);
	if (reply == NULL)
		return PENDING;
	granted = checked(connection, reply)->type != REDIS_REPLY_NIL;
	freeReplyObject(reply);
	return granted ? GRANTED : REFUSED;
}

static void
disconnect(Client *client)
{
	redisFree(client->connection);
}

const Service redis_service = {connect_redis, socket_of, ask, answer, disconnect};
