/*
 * statement.c
 *		The stack of running statements, and on whose behalf they run.
 *
 * PostgreSQL runs code of a table's owner in commands of other roles:
 * triggers and functions called by a foreign key's action, index functions in
 * maintenance commands, materialized views.  It marks this with flags of the
 * security context, which nested calls inherit and cannot clear (SECURITY
 * DEFINER functions included).  Such code is foreign: it has no lock owner
 * (owner.c).
 *
 * The referential action itself is different: it belongs to the statement
 * that caused it.  But the flags remain set in the triggers that it fires,
 * and code called there may cause referential actions of its own.  So
 * executor hooks maintain a stack of running statements.  A referential
 * action is recognized by EXEC_FLAG_SKIP_TRIGGERS, which only ri_triggers.c
 * sets on an UPDATE or DELETE (it calls SPI_execute_snapshot() with
 * fire_triggers = false) and no SQL or procedural language can set; the
 * action of a rule does not count.  It is an action of the session if the
 * enclosing statement is.  This holds for actions of several levels: all of
 * them run at the end of the statement that caused the first.
 *
 * If the library is loaded during a statement (it was not preloaded, and the
 * first guard of the session fires below a cascade), statements that began
 * before are not on the stack: see referential.c.
 *
 * From PostgreSQL 18 on, an AFTER trigger runs as the role that was active
 * when its event was queued, without the flags.  Code called by a foreign
 * key's action queues events for the end of the statement that caused the
 * action, or of the transaction.  So once there may be such events, the
 * function manager's hook watches trigger functions.  A function that is
 * fired there as another role than that of the statement (or the session) is
 * foreign, like everything that it calls; so is one with SECURITY DEFINER, as
 * its caller cannot be determined.  Up to PostgreSQL 17 such triggers run as
 * the session's role with all its rights, and what they do cannot be
 * distinguished from what the session does.
 */
#include "statement.h"

#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parsetree.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"

typedef struct Frame
{
	struct Frame *outer;
	uint64		number;
	QueryDesc  *query;			/* NULL: a utility command */
	Oid			role;
	bool		foreign;
	bool		own_action;		/* referential action of the session */
	bool		fires_triggers; /* at the end, where AFTER triggers run */
	bool		has_foreign_events; /* some of which foreign code queued */
} Frame;

/* top of the stack; the frames are on the C stack of the hooks */
static Frame *innermost = NULL;

static bool loaded_late = false;

static ExecutorRun_hook_type prev_run_hook = NULL;
static ExecutorFinish_hook_type prev_finish_hook = NULL;

/* The number of running triggers, as pg_trigger_depth() returns it. */
int
trigger_depth(void)
{
	LOCAL_FCINFO(fcinfo, 0);

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	return DatumGetInt32(pg_trigger_depth(fcinfo));
}

static bool
is_flagged_foreign(void)
{
	return InSecurityRestrictedOperation() || InNoForceRLSOperation();
}

/* ---- events that foreign code has queued ---- */

#ifdef TRIGGERS_KEEP_ROLE

static ProcessUtility_hook_type prev_utility_hook = NULL;
static needs_fmgr_hook_type prev_needs_fmgr_hook = NULL;
static fmgr_hook_type prev_fmgr_hook = NULL;

/*
 * foreign code may have queued events, perhaps deferred, in this transaction
 */
static bool has_foreign_events = false;

/* the library was loaded while a trigger was running */
static bool loaded_in_trigger = false;

/* number of running trigger functions that are foreign */
static int	foreign_triggers = 0;

static bool
has_after_trigger(const TriggerDesc *triggers)
{
	for (int i = 0; triggers && i < triggers->numtriggers; i++)
		if (!triggers->triggers[i].tgisinternal && TRIGGER_FOR_AFTER(triggers->triggers[i].tgtype))
			return true;
	return false;
}

/*
 * May a statement below a foreign key's action queue events of foreign code?
 * The session's own action on a table without AFTER triggers cannot.  A row
 * that moves to another partition fires the triggers of that partition.
 */
static bool
may_queue_events(const Frame *frame)
{
	const PlannedStmt *plan = frame->query->plannedstmt;
	ListCell   *cell;

	if (!frame->own_action)
		return frame->query->operation != CMD_SELECT || plan->hasModifyingCTE;
	if (rt_fetch(1, plan->rtable)->relkind == RELKIND_PARTITIONED_TABLE)
		return true;
	foreach(cell, frame->query->estate->es_opened_result_relations)
	{
		if (has_after_trigger(((ResultRelInfo *) lfirst(cell))->ri_TrigDesc))
			return true;
	}
	return false;
}

/* Note that foreign code below a foreign key's action may queue events. */
static void
note_foreign_events(void)
{
	has_foreign_events = true;
	for (Frame *frame = innermost; frame; frame = frame->outer)
		frame->has_foreign_events |= frame->fires_triggers;
}

static bool
is_security_definer(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		result = HeapTupleIsValid(tuple) && ((Form_pg_proc) GETSTRUCT(tuple))->prosecdef;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

/*
 * Is the trigger function that is being called fired for an event that
 * foreign code may have queued?
 */
static bool
is_fired_as_foreign(Oid function)
{
	Oid			role = innermost ? innermost->role : GetOuterUserId();

	if (innermost ? !innermost->has_foreign_events : !has_foreign_events)
		return false;
	return GetUserId() != role || is_security_definer(function);
}

static bool
needs_watching(Oid function)
{
	return (prev_needs_fmgr_hook && prev_needs_fmgr_hook(function)) ||
		(has_foreign_events && get_func_rettype(function) == TRIGGEROID);
}

/* State of a watched function, from its start to its end. */
typedef struct Watch
{
	bool		counted;
	Datum		next;			/* private state of the next hook */
} Watch;

static void
watch_function(FmgrHookEventType event, FmgrInfo *flinfo, Datum *arg)
{
	Watch	   *watch = (Watch *) DatumGetPointer(*arg);

	if (watch == NULL)
	{
		watch = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Watch));
		*arg = PointerGetDatum(watch);
	}
	if (event == FHET_START)
	{
		watch->counted = get_func_rettype(flinfo->fn_oid) == TRIGGEROID &&
			is_fired_as_foreign(flinfo->fn_oid);
		foreign_triggers += watch->counted;
	}
	else if (watch->counted)
	{
		watch->counted = false;
		foreign_triggers--;
	}
	if (prev_fmgr_hook)
		prev_fmgr_hook(event, flinfo, &watch->next);
}

/*
 * "depth" is the number of triggers between the code and the one that fired
 * it, so that a guard does not count itself.
 */
static bool
is_fired_foreign(int depth)
{
	return foreign_triggers > 0 ||
		(loaded_in_trigger && innermost == NULL && trigger_depth() > depth &&
		 GetUserId() != GetOuterUserId());
}

#else
#define may_queue_events(frame) false
#define note_foreign_events() ((void) 0)
#define is_fired_foreign(depth) ((void) (depth), false)
#endif

static bool
is_foreign_at(int depth)
{
	return is_flagged_foreign() || (innermost && innermost->foreign) || is_fired_foreign(depth);
}

/*
 * Is foreign code running: code that PostgreSQL runs for a table's owner in a
 * command of another role?
 */
bool
in_foreign_code(void)
{
	return is_foreign_at(0);
}

/* Was the calling trigger fired by a statement of foreign code? */
bool
is_fired_by_foreign_code(void)
{
	return is_foreign_at(1);
}

/* ---- the stack ---- */

/*
 * A statement of ri_triggers.c has its target first in the range table.  The
 * actions of rules on that table run with the same flag, but their target
 * follows the tables of the original statement.
 */
static bool
is_referential_action(const QueryDesc *query)
{
	const Plan *plan = query->plannedstmt->planTree;

	return (query->operation == CMD_UPDATE || query->operation == CMD_DELETE) &&
		(query->estate->es_top_eflags & EXEC_FLAG_SKIP_TRIGGERS) != 0 &&
		IsA(plan, ModifyTable) && ((const ModifyTable *) plan)->nominalRelation == 1;
}

/*
 * Does the statement that encloses a referential action belong to the
 * session?  If it is not on the stack, it began before the library was
 * loaded.  It then belongs to the session if it is a top-level statement,
 * whose actions fire at a depth of one.
 */
static bool
is_caused_by_session(void)
{
	if (innermost)
		return !innermost->foreign;
	return !loaded_late || trigger_depth() == 1;
}

static void
push_frame(Frame *frame, QueryDesc *query, bool fires_triggers)
{
	static uint64 number = 0;

	frame->outer = innermost;
	frame->number = ++number;
	frame->query = query;
	frame->role = GetUserId();
	frame->foreign = in_foreign_code();
	frame->own_action = InNoForceRLSOperation() && !InSecurityRestrictedOperation() &&
		query && is_referential_action(query) && is_caused_by_session();
	frame->fires_triggers = fires_triggers;
	frame->has_foreign_events = false;
	if (InNoForceRLSOperation() && query && may_queue_events(frame))
		note_foreign_events();
	innermost = frame;
}

static void
run_statement(EXECUTOR_RUN_ARGS)
{
	Frame		frame;

	push_frame(&frame, queryDesc, false);
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

	push_frame(&frame, queryDesc, true);
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

#ifdef TRIGGERS_KEEP_ROLE

/* SET CONSTRAINTS fires deferred triggers. */
static void
run_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
			ProcessUtilityContext context, ParamListInfo params,
			QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	Frame		frame;

	if (!IsA(pstmt->utilityStmt, ConstraintsSetStmt))
	{
		prev_utility_hook(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
		return;
	}
	push_frame(&frame, NULL, true);
	frame.has_foreign_events = has_foreign_events;
	PG_TRY();
	{
		prev_utility_hook(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	}
	PG_FINALLY();
	{
		innermost = frame.outer;
	}
	PG_END_TRY();
}

static void
watch_foreign_events(void)
{
	loaded_in_trigger = trigger_depth() > 0;
	/* the transaction may have queued such events already */
	has_foreign_events = loaded_late || loaded_in_trigger ||
		TransactionIdIsValid(GetTopTransactionIdIfAny());
	prev_utility_hook = ProcessUtility_hook ? ProcessUtility_hook : standard_ProcessUtility;
	ProcessUtility_hook = run_utility;
	prev_needs_fmgr_hook = needs_fmgr_hook;
	needs_fmgr_hook = needs_watching;
	prev_fmgr_hook = fmgr_hook;
	fmgr_hook = watch_function;
}

static void
forget_foreign_events(void)
{
	loaded_in_trigger = false;
	has_foreign_events = false;
	foreign_triggers = 0;
}

#else
#define watch_foreign_events() ((void) 0)
#define forget_foreign_events() ((void) 0)
#endif

static void
end_transaction(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	loaded_late = false;
	forget_foreign_events();
}

/* Install the hooks. */
void
statement_init(void)
{
	loaded_late = is_flagged_foreign();
	prev_run_hook = ExecutorRun_hook;
	ExecutorRun_hook = run_statement;
	prev_finish_hook = ExecutorFinish_hook;
	ExecutorFinish_hook = finish_statement;
	watch_foreign_events();
	RegisterXactCallback(end_transaction, NULL);
}

/*
 * A number that distinguishes the running statement from others of the
 * session; 0 if it began before the library was loaded.
 */
uint64
statement_number(void)
{
	return innermost ? innermost->number : 0;
}

/* The running query, if no other one encloses it, or NULL. */
const QueryDesc *
outermost_query(void)
{
	return innermost && innermost->outer == NULL ? innermost->query : NULL;
}

/* ---- referential actions ---- */

/* Is the running statement a referential action that the session caused? */
ActionState
running_action(void)
{
	if (!InNoForceRLSOperation())
		return ACTION_NONE;
	if (innermost)
		return innermost->own_action ? ACTION_OWN : ACTION_NONE;
	return loaded_late && !InSecurityRestrictedOperation() ? ACTION_UNKNOWN : ACTION_NONE;
}

/* ---- what a statement names ---- */

/* Is there a parameter of type regclass or oid with this value? */
static bool
parameters_name(ParamListInfo params, Oid relid)
{
	for (int i = 0; params && i < params->numParams; i++)
	{
		ParamExternData space;
		ParamExternData *param = &params->params[i];

		if (params->paramFetch)
			param = params->paramFetch(params, i + 1, true, &space);
		if ((param->ptype == REGCLASSOID || param->ptype == OIDOID) && !param->isnull &&
			DatumGetObjectId(param->value) == relid)
			return true;
	}
	return false;
}

/*
 * Does the running statement name the relation: in FROM, or as a constant or
 * parameter of type regclass or oid?  The planner records relations and
 * constants alike, since the plan depends on both.
 */
bool
statement_names(Oid relid)
{
	return innermost && innermost->query &&
		(list_member_oid(innermost->query->plannedstmt->relationOids, relid) ||
		 parameters_name(innermost->query->params, relid));
}
