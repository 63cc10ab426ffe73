/*
 * statement.c
 *		The statements that are being executed, and whose code they are.
 *
 * PostgreSQL runs code of a table's owner in commands of others: triggers and
 * functions below a foreign key's action, functions of indexes in
 * maintenance, materialized views.  It marks that with flags of the security
 * context, which calls further down inherit and cannot take off (SECURITY
 * DEFINER functions included).  Such code is foreign: it acts for nobody
 * (owner.c).
 *
 * The referential action itself is different: it is its cause's doing.  But
 * the flags stay on in the triggers that it fires, and code down there may
 * cause referential actions of its own.  So executor hooks keep a stack of
 * running statements.  A referential action is recognised by
 * EXEC_FLAG_SKIP_TRIGGERS, which ri_triggers.c alone sets on an UPDATE or
 * DELETE (it calls SPI_execute_snapshot() with fire_triggers = false) and no
 * SQL or procedural language can; a rule's action does not count.  It is its
 * session's own if the statement around it is.  Actions of several levels are
 * no exception: all of them are queued for, and run by, the end of the
 * statement that caused the first.
 *
 * If the library is loaded in the midst of a statement (it was not preloaded,
 * and the first guard of the session fires below a cascade), the statements
 * that had begun before are not on the stack: see referential.c.
 *
 * From PostgreSQL 18 on, an AFTER trigger runs as the role that was active
 * when its event was queued, without the flags.  Code below a foreign key's
 * action queues events for the end of the statement that caused it, or of the
 * transaction.  So once there may be such events, the function manager's hook
 * watches trigger functions: one that is fired there as another role than the
 * statement's (than the session's) is foreign, and so is all that it calls;
 * and one with SECURITY DEFINER, as its caller cannot be told.  Until 17 such
 * triggers run as the session's role with all its rights; what they do cannot
 * be told from what it does.
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
	bool		own_action;		/* a referential action of the session's */
	bool		fires_triggers; /* at its end, where AFTER triggers run */
	bool		has_foreign_events; /* some of which foreign code has queued */
} Frame;

/* lives on the C stack of the hooks */
static Frame *innermost = NULL;

static bool loaded_late = false;

static ExecutorRun_hook_type prev_run_hook = NULL;
static ExecutorFinish_hook_type prev_finish_hook = NULL;

/* How many triggers are running, as pg_trigger_depth() tells. */
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

/* of this transaction, some deferred perhaps */
static bool has_foreign_events = false;

/* the library was loaded in a trigger of another role's */
static bool loaded_in_trigger = false;

/* running trigger functions that are foreign */
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
 * The session's own action on a table without AFTER triggers does not.  A row
 * that moves to another partition finds its triggers there.
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
		if (has_after_trigger(((ResultRelInfo *) lfirst(cell))->ri_TrigDesc))
			return true;
	return false;
}

/* A statement writes below a foreign key's action. */
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
 * A trigger function begins.  Is it fired for an event that foreign code may
 * have queued?
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

/* Kept for a function, from its start to its end. */
typedef struct Watch
{
	bool		counted;
	Datum		next;			/* of the next module that has the hook */
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
 * "depth": how many triggers there are between the code and the one that
 * fired it, so that a guard does not take itself for one.
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
 * Is code running that PostgreSQL runs for a table's owner in a command of
 * others?
 */
bool
in_foreign_code(void)
{
	return is_foreign_at(0);
}

/* The same, of the statement that has fired the calling trigger. */
bool
is_fired_by_foreign_code(void)
{
	return is_foreign_at(1);
}

/* ---- the stack ---- */

/*
 * The statement as ri_triggers.c wrote it has its target in the first place
 * of the range table.  Where the table has rules, their actions are run with
 * the same flag, but have their target behind the tables of the original.
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
 * Is the statement around a referential action the session's own?  If it is
 * not on the stack, it was begun before the library was loaded; then it is if
 * it is a top-level statement, whose actions fire at a depth of one.
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
	ProcessUtility_hook_type run = prev_utility_hook ? prev_utility_hook : standard_ProcessUtility;
	Frame		frame;

	if (!IsA(pstmt->utilityStmt, ConstraintsSetStmt))
	{
		run(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
		return;
	}
	push_frame(&frame, NULL, true);
	frame.has_foreign_events = has_foreign_events;
	PG_TRY();
	{
		run(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
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
	/* what the transaction has done before is not known */
	has_foreign_events = loaded_late || loaded_in_trigger ||
		TransactionIdIsValid(GetTopTransactionIdIfAny());
	prev_utility_hook = ProcessUtility_hook;
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
 * Tells the running statement from others of the session; 0: it began before
 * the library was loaded.
 */
uint64
statement_number(void)
{
	return innermost ? innermost->number : 0;
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
 * parameter of type regclass or oid?  The planner notes relations and
 * constants alike, as the plan depends on both.
 */
bool
statement_names(Oid relid)
{
	return innermost && innermost->query &&
		(list_member_oid(innermost->query->plannedstmt->relationOids, relid) ||
		 parameters_name(innermost->query->params, relid));
}
