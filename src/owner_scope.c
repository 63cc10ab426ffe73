/*
 * owner_scope.c
 *		Calls of set_owner() whose effect would end unused.
 *
 * set_owner() sets the owner until the end of the transaction.  Outside a
 * transaction block that is the end of the statement, so all users of an
 * application would share one owner, its role, and nobody would notice.  But
 * the same call is right where the rest of the statement uses the owner: in a
 * function, or beside acquire() in a target list.
 *
 * A call that is the whole of a statement is an error.  In the simple
 * protocol it is reported at once.  In the extended protocol a client may
 * send more statements before it ends the transaction with Sync, so the error
 * is raised at the commit, unless another message followed.  Any other call
 * outside a block raises a warning at the commit, unless the owner was used.
 * Reading the owner is a use, and so is every statement that fires a guard,
 * which reads the owner only if it finds a lock.
 */
#include "owner_scope.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "utils/syscache.h"

#include "statement.h"

/* The last call outside a transaction block, until the owner is used. */
static struct
{
	bool		pending;
	bool		whole_statement;
	TimestampTz message;		/* when the client's message arrived */
}			unused = {0};

/* Note that the owner is used, so that the last call had an effect. */
void
note_owner_use(void)
{
	unused.pending = false;
}

static void
report_unused(int elevel)
{
	unused.pending = false;
	ereport(elevel,
			(errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION),
			 errmsg("locking.set_owner() can only be used in transaction blocks"),
			 errdetail("It sets the owner until the end of the transaction, which ends with this statement."),
			 errhint("Call it in a transaction block, or with is_local => false to set the owner for the session.")));
}

/* Does the plan call no function but this one and built-in ones? */
static bool
calls_only(const PlannedStmt *plan, Oid function)
{
	uint32		hash = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(function));
	ListCell   *cell;

	foreach(cell, plan->invalItems)
	{
		const PlanInvalItem *item = lfirst(cell);

		if (item->cacheId == PROCOID && item->hashValue != hash)
			return false;
	}
	return true;
}

/*
 * Is this query the statement that the client sent, or that it executes with
 * EXECUTE?  A query of a function or DO block has no portal of its own, and
 * its cursors are visible portals with a text of their own.
 */
static bool
is_client_statement(const QueryDesc *query)
{
	if (MyProcPort == NULL || ActivePortal == NULL || ActivePortal->queryDesc != query ||
		ActivePortal->strategy != PORTAL_ONE_SELECT)
		return false;
	return (debug_query_string && strcmp(ActivePortal->sourceText, debug_query_string) == 0) ||
		(ActivePortal->cplan && !ActivePortal->visible);
}

/*
 * Is the call all that a statement of the client does?  The result is then a
 * single column of type void, and no function that could use the owner runs.
 */
static bool
is_whole_statement(FunctionCallInfo fcinfo)
{
	const QueryDesc *query = outermost_query();

	return query && is_client_statement(query) &&
		query->operation == CMD_SELECT && query->plannedstmt->rowMarks == NIL &&
		query->tupDesc->natts == 1 && TupleDescAttr(query->tupDesc, 0)->atttypid == VOIDOID &&
		calls_only(query->plannedstmt, fcinfo->flinfo->fn_oid);
}

/*
 * Does the transaction end with this statement?  Only the extended protocol
 * and EXECUTE use cached plans.  Several statements in one message of the
 * simple protocol form a transaction block.
 */
static bool
is_simple_query(void)
{
	return ActivePortal->cplan == NULL;
}

/* Have earlier statements of this transaction been executed in a pipeline? */
static bool
in_pipeline(void)
{
#ifdef XACT_FLAGS_PIPELINING
	return (MyXactFlags & XACT_FLAGS_PIPELINING) != 0;
#else
	return false;
#endif
}

/*
 * Check a call that sets the owner until the end of the transaction.  In a
 * subtransaction only the end of the transaction shows whether it is in a
 * block: a function's exception block is a subtransaction, too.
 */
void
check_owner_scope(FunctionCallInfo fcinfo)
{
	if ((IsTransactionBlock() && !IsSubTransaction()) || in_pipeline())
		return;
	unused.pending = true;
	unused.whole_statement = !IsSubTransaction() && is_whole_statement(fcinfo);
	unused.message = GetCurrentStatementStartTimestamp();
	if (unused.whole_statement && is_simple_query())
		report_unused(ERROR);
}

/*
 * The end of the transaction.  If another message has arrived since the call,
 * the transaction is a pipeline, in which the call is as good as in a block.
 */
static void
end_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT && unused.pending && !IsTransactionBlock() &&
		unused.message == GetCurrentStatementStartTimestamp())
		report_unused(unused.whole_statement ? ERROR : WARNING);
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		unused.pending = false;
}

/* Register the callback that checks at the commit. */
void
owner_scope_init(void)
{
	RegisterXactCallback(end_transaction, NULL);
}
