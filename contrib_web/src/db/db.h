/*
 * db.h
 *		Runs statements on behalf of the request's user
 *
 * Statements run as the session's role.  Behind an authenticating proxy they
 * run as the service role, after locking.set_owner() in the same transaction
 * and round trip.  Outside of db_begin() and db_commit(), each statement is a
 * separate transaction.
 *
 * On failure, functions return NULL or false, and the error is kept.  If the
 * handler then returns without a reply, the server calls reply_db_error(req,
 * NULL).  The handler may run further statements to reply with more details;
 * in a transaction it must call db_rollback() first.
 */
#ifndef DB_H
#define DB_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "db/statements.h"
#include "http/request.h"

/*
 * Runs a statement: db_run(req, sql_may_read(table)).  One round trip.
 */
extern PGresult *db_run(Request *req, Call call);

/*
 * A transaction of several statements.  BEGIN (and set_owner()) are sent
 * together with the first statement.
 */
extern void db_begin(Request *req);

/* Commits.  Returns false on failure, such as of a deferred constraint. */
extern bool db_commit(Request *req);

/* Rolls back the open transaction, if any. */
extern void db_rollback(Request *req);

/*
 * Checks whether the role can still sign in, after a statement failed for a
 * missing privilege.  If it cannot, for example because it was dropped, ends
 * the session, replaces the last failure with the failure to sign in, and
 * returns true.
 */
extern bool db_role_is_gone(Request *req);

/*
 * Returns the first column of the first row; NULL if it is null, if there is
 * no row, or if RESULT is NULL.
 */
extern const char *db_value(const PGresult *result);

/*
 * Returns the SQLSTATE of the request's last failure, "" if there was none.
 * A lost connection has "08006".
 */
extern const char *db_sqlstate(const Request *req);

/*
 * Returns another field of that failure, such as PG_DIAG_MESSAGE_PRIMARY or
 * PG_DIAG_TABLE_NAME; NULL if there is none.
 */
extern const char *db_error_field(const Request *req, int field);

/* Ends an open transaction and returns the connection to the pool. */
extern void db_finish(Request *req);

#endif							/* DB_H */
