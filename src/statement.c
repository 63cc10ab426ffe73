/*
 * statement.c
 *		The statements that are being executed, and whose code they are.
 *
 * PostgreSQL runs code of a table's owner in commands of others: triggers and
 * functions below a foreign key's action, functions of indexes in maintenance,
 * materialized views.  It marks that with flags of the security context, which
 * calls further down inherit and cannot take off (SECURITY DEFINER functions
 * included).  Such code is foreign: it acts for nobody (owner.c).
 *
 * The referential action itself is different: it is its cause's doing.  But the
 * flags stay on in the triggers that it fires, and code down there may cause
 * referential actions of its own.  So executor hooks keep a stack of running
 * statements.  A referential action is recognised by EXEC_FLAG_SKIP_TRIGGERS,
 * which ri_triggers.c alone sets on an UPDATE or DELETE (it calls
 * SPI_execute_snapshot() with fire_triggers = false) and no SQL or procedural
 * language can; a rule's action does not count.  It is its session's own if the
 * statement around it is.  Actions
 * of several levels are no exception: all of them are queued for, and run by, the
 * end of the statement that caused the first.
 *
 * If the library is loaded in the midst of a statement (it was not preloaded, and
 * the first guard of the session fires below a cascade), the statements that had
 * begun before are not on the stack.  Until the transaction ends, a write by
 * one of those is taken for the action only if it fires at the depth of an
 * action of a top-level statement and does what the action does: the row that its
 * row refers to is gone.  Anything else is foreign.
 *
 * From PostgreSQL 18 on, an AFTER trigger runs as the role that was active when
 * its event was queued, without the flags.  For events that an action queued,
 * that is the owner of the referring table.  Such roles are noted until the
 * transaction ends: while one of them is active instead of the session's role,
 * the code is foreign.
 */
#include "locking.h"

#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "role.h"
#include "statement.h"

typedef struct Frame
{
	struct Frame *outer;
	uint64		number;
	QueryDesc  *query;
	bool		foreign;
	bool		own_action;		/* a referential action that the session caused */
} Frame;

/* lives on the C stack of the hooks */
static Frame *innermost = NULL;

static bool loaded_late = false;

static ExecutorRun_hook_type prev_run_hook = NULL;
static ExecutorFinish_hook_type prev_finish_hook = NULL;

/* ---- roles of queued triggers ---- */

#if PG_VERSION_NUM >= 180000

/* in TopTransactionContext */
static List *queuing_roles = NIL;

static bool
has_after_trigger(const TriggerDesc *triggers)
{
	for (int i = 0; triggers && i < triggers->numtriggers; i++)
		if (!triggers->triggers[i].tgisinternal &&
			TRIGGER_FOR_AFTER(triggers->triggers[i].tgtype))
			return true;
	return false;
}

/* An action is about to queue events of its tables as the current role. */
static void
note_queuing_role(const QueryDesc *query)
{
	ListCell   *cell;

	foreach(cell, query->estate->es_opened_result_relations)
	{
		const ResultRelInfo *result = lfirst(cell);

		if (has_after_trigger(result->ri_TrigDesc))
		{
			MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

			queuing_roles = list_append_unique_oid(queuing_roles, GetUserId());
			MemoryContextSwitchTo(caller);
			return;
		}
	}
}

static bool
is_queuing_role_active(void)
{
	return queuing_roles != NIL && GetUserId() != GetOuterUserId() &&
		list_member_oid(queuing_roles, GetUserId());
}

static void
forget_queuing_roles(void)
{
	queuing_roles = NIL;
}

#else
#define note_queuing_role(query) ((void) 0)
#define is_queuing_role_active() false
#define forget_queuing_roles() ((void) 0)
#endif

/* ---- the stack ---- */

static bool
is_flagged_foreign(void)
{
	return InSecurityRestrictedOperation() || InNoForceRLSOperation();
}

/*
 * The statement as ri_triggers.c wrote it has its target in the first place of the range
 * table.  Where the table has rules, their actions are run with the same flag, but have
 * their target behind the tables of the original.
 */
static bool
is_referential_action(const QueryDesc *query)
{
	const Plan *plan = query->plannedstmt->planTree;

	return (query->operation == CMD_UPDATE || query->operation == CMD_DELETE) &&
		(query->estate->es_top_eflags & EXEC_FLAG_SKIP_TRIGGERS) != 0 &&
		IsA(plan, ModifyTable) && ((const ModifyTable *) plan)->nominalRelation == 1;
}

static void
push(Frame *frame, QueryDesc *query)
{
	static uint64 number = 0;

	frame->outer = innermost;
	frame->number = ++number;
	frame->query = query;
	frame->foreign = is_flagged_foreign() || is_queuing_role_active();
	frame->own_action = InNoForceRLSOperation() && !InSecurityRestrictedOperation() &&
		!(innermost && innermost->foreign) && is_referential_action(query);
	if (frame->own_action)
		note_queuing_role(query);
	innermost = frame;
}

static void
run_statement(EXECUTOR_RUN_ARGS)
{
	Frame		frame;

	push(&frame, queryDesc);
	PG_TRY();
	{
		if (prev_run_hook)
			prev_run_hook(EXECUTOR_RUN_PASS);
		else
			standard_ExecutorRun(EXECUTOR_RUN_PASS);
	}
	PG_FINALLY();
	{
		innermost = frame.outer;
	}
	PG_END_TRY();
}

static void
finish_statement(QueryDesc *queryDesc)
{
	Frame		frame;

	push(&frame, queryDesc);
	PG_TRY();
	{
		if (prev_finish_hook)
			prev_finish_hook(queryDesc);
		else
			standard_ExecutorFinish(queryDesc);
	}
	PG_FINALLY();
	{
		innermost = frame.outer;
	}
	PG_END_TRY();
}

static void
end_transaction(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	loaded_late = false;
	forget_queuing_roles();
}

void
statement_init(void)
{
	loaded_late = is_flagged_foreign();
	prev_run_hook = ExecutorRun_hook;
	ExecutorRun_hook = run_statement;
	prev_finish_hook = ExecutorFinish_hook;
	ExecutorFinish_hook = finish_statement;
	RegisterXactCallback(end_transaction, NULL);
}

/* Tells the running statement from others of the session; 0: it began before the library was loaded. */
uint64
statement_number(void)
{
	return innermost ? innermost->number : 0;
}

/* ---- whose code it is ---- */

/* Is code running that PostgreSQL runs for a table's owner in a command of others? */
bool
in_foreign_code(void)
{
	return is_flagged_foreign() || is_queuing_role_active();
}

static int
trigger_depth(void)
{
	LOCAL_FCINFO(fcinfo, 0);

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	return DatumGetInt32(pg_trigger_depth(fcinfo));
}

/* Does the old row refer to a row that is gone by that key?  Read as its foreign keys do. */
static bool
refers_to_nothing(Relation rel, HeapTuple old, const ForeignKeyCacheInfo *fk)
{
	Datum		values[INDEX_MAX_KEYS];
	Oid			types[INDEX_MAX_KEYS];
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT FROM");
	append_table(&query, fk->confrelid);
	for (int i = 0; i < fk->nkeys; i++)
	{
		char	   *column = get_attname(fk->confrelid, fk->confkey[i], false);
		bool		isnull;

		values[i] = tuple_value(rel, old, fk->conkey[i], false, &isnull);
		if (isnull)
			return false;
		types[i] = TupleDescAttr(RelationGetDescr(rel), fk->conkey[i] - 1)->atttypid;
		append_condition(&query, i + 1, fk->conpfeqop[i],
						 psprintf("x.%s", quote_identifier(column)),
						 get_atttype(fk->confrelid, fk->confkey[i]),
						 psprintf("$%d", i + 1), types[i]);
	}
	return !find_row(fk->confrelid, query.data, fk->nkeys, types, values, 0, NULL);
}

/* The write of a statement that began before the library was loaded: see above. */
static bool
does_what_an_action_does(Relation rel, HeapTuple old)
{
	ListCell   *cell;

	if (trigger_depth() != 2)
		return false;
	foreach(cell, RelationGetFKeyList(rel))
		if (refers_to_nothing(rel, old, lfirst(cell)))
			return true;
	return false;
}

/*
 * Is the running statement, which updates or deletes the row "old" of "rel", a
 * referential action that the session's own statement caused?
 */
bool
in_referential_action(Relation rel, HeapTuple old)
{
	if (!InNoForceRLSOperation())
		return false;
	if (innermost)
		return innermost->own_action;
	return loaded_late && !InSecurityRestrictedOperation() && old &&
		does_what_an_action_does(rel, old);
}

/* ---- what a statement names ---- */

/* A parameter of type regclass or oid with this value? */
static bool
parameters_name(ParamListInfo params, Oid relid)
{
	for (int i = 0; params && i < params->numParams; i++)
	{
		ParamExternData space;
		ParamExternData *param = params->paramFetch ?
			params->paramFetch(params, i + 1, true, &space) : &params->params[i];

		if ((param->ptype == REGCLASSOID || param->ptype == OIDOID) && !param->isnull &&
			DatumGetObjectId(param->value) == relid)
			return true;
	}
	return false;
}

/*
 * Does the running statement name the relation: in FROM, or as a constant or
 * parameter of type regclass or oid?  The planner notes relations and constants
 * alike, as the plan depends on both.
 */
bool
statement_names(Oid relid)
{
	return innermost && innermost->query &&
		(list_member_oid(innermost->query->plannedstmt->relationOids, relid) ||
		 parameters_name(innermost->query->params, relid));
}
