/*
 * db.h
 *		Runs statements on behalf of the request's user.
 *
 * Everything runs as the session's role (behind a proxy: as the service role,
 * with locking.set_owner() before it in the same transaction and round trip).
 * Outside of db_begin() and db_commit(), each statement is a transaction of
 * its own.
 *
 * What fails returns NULL (false) and is remembered.  A handler that then
 * returns without a reply gets the one that fits the SQLSTATE, as if by
 * reply_db_error(req, NULL); it may also run further statements first (after
 * db_rollback() in a transaction), to say more.
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
 * A transaction of several statements.  BEGIN (and set_owner()) go out with
 * the first of them.
 */
extern void db_begin(Request *req);
extern bool db_commit(Request *req);	/* false: failed, by a deferred constraint, say */
extern void db_rollback(Request *req);

/*
 * After something that the role has no right to: may it not even sign in any
 * more, as it was dropped? That is the last failure then, and the session has
 * ended.
 */
extern bool db_role_is_gone(Request *req);

/*
 * The first column of the first row; NULL if there is no row, or it is null,
 * or RESULT is NULL.
 */
extern const char *db_value(const PGresult *result);

/*
 * SQLSTATE of the last failure in this request; "" if there was none. A lost
 * connection has "08006".
 */
extern const char *db_sqlstate(const Request *req);

/*
 * Another field of it: PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_TABLE_NAME, ...; NULL
 * if there is none.
 */
extern const char *db_error_field(const Request *req, int field);

/* Ends what the handler left open and gives the connection back. */
extern void db_finish(Request *req);

#endif							/* DB_H */
