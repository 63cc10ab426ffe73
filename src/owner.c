/*
 * owner.c
 *		The current owner of locks.
 *
 * An owner must not be forged (S8).  The setting locking.owner is reserved to
 * superusers and set_owner().  If it is empty, the owner is the outer role:
 * SET ROLE, which requires membership, changes it; SECURITY DEFINER does not.
 *
 * Foreign code, which PostgreSQL runs on behalf of a table's owner in a
 * command of another role (statement.c), has no owner.  The setting and the
 * outer role belong to that other role, and the current role can be chosen by
 * a function with SECURITY DEFINER.  So no locks match, and none can be
 * acquired.  src/README.md has a table of all contexts.
 */
#include "owner.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_shdescription.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "argument.h"
#include "locking.h"
#include "owner_scope.h"
#include "relation.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(locking_owner);
PG_FUNCTION_INFO_V1(locking_set_owner);

static bool reading_for_caller = false;

/*
 * Marks code that reads on behalf of the caller.  It is restricted like
 * foreign code, but has the caller's owner: policies may call
 * locking.owner().  Returns the previous state.
 */
bool
set_reading_for_caller(bool on)
{
	bool		before = reading_for_caller;

	reading_for_caller = on;
	return before;
}

/*
 * Is an owner required to be named (locking.require_owner), and none is?  The
 * session then has no owner.
 */
static bool
is_unnamed(void)
{
	return locking_require_owner && locking_owner_setting[0] == '\0';
}

/*
 * The owner of the session's own statements, regardless of the code that is
 * running.  NULL: none has been named.
 */
char *
session_owner(void)
{
	note_owner_use();
	if (is_unnamed())
		return NULL;
	return locking_owner_setting[0] != '\0' ? locking_owner_setting :
		GetUserNameFromId(GetOuterUserId(), false);
}

/* Is this the owner of the session's own statements? */
bool
is_session_owner(const char *owner)
{
	const char *current = session_owner();

	return current && strcmp(owner, current) == 0;
}

static bool
has_no_owner(void)
{
	return in_foreign_code() && !(reading_for_caller && !InNoForceRLSOperation());
}

/* The current owner, or NULL in foreign code or if none has been named. */
char *
current_owner(void)
{
	return has_no_owner() ? NULL : session_owner();
}

/*
 * The owner of the statement that fired the calling trigger, or NULL for
 * foreign code or if none has been named.
 */
char *
writing_owner(void)
{
	return is_fired_by_foreign_code() ? NULL : session_owner();
}

/*
 * Did a statement of the session fire the calling trigger although no owner
 * has been named?
 */
bool
writer_is_unnamed(void)
{
	return is_unnamed() && !is_fired_by_foreign_code();
}

/*
 * Refuse an operation that depends on the owner while none has been named.
 * "relid" is the table with the locked row, or InvalidOid.
 */
void
refuse_unnamed(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 OidIsValid(relid) ?
			 errmsg("locked rows of table \"%s\" cannot be written: no lock owner has been named",
					get_rel_name(relid)) :
			 errmsg("no lock owner has been named"),
			 errdetail("The setting \"locking.require_owner\" is on, and \"locking.owner\" is empty."),
			 errhint("Name the owner with locking.set_owner() at the start of each transaction."),
			 OidIsValid(relid) ? errtable_by_id(relid) : 0));
}

static void
refuse_foreign_code(void)
{
	if (has_no_owner())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("there is no lock owner in code that runs on behalf of a table's owner"),
				 errdetail("Triggers and functions called by a foreign key's action, index functions in maintenance commands and materialized views have no lock owner."),
				 errhint("Call the function directly from a statement of the session.")));
}

/* The current owner, for operations that require one. */
char *
require_owner(void)
{
	refuse_foreign_code();
	if (is_unnamed())
		refuse_unnamed(InvalidOid);
	return session_owner();
}

/* Refuse an operation of the session while no owner has been named. */
void
check_owner_named(void)
{
	if (is_unnamed() && !has_no_owner())
		refuse_unnamed(InvalidOid);
}

/* The comment of a role, or NULL.  It is stored in pg_shdescription. */
static char *
role_comment(Oid role)
{
	Relation	comments = table_open(SharedDescriptionRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *comment = NULL;

	ScanKeyInit(&keys[0], Anum_pg_shdescription_objoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(role));
	ScanKeyInit(&keys[1], Anum_pg_shdescription_classoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(AuthIdRelationId));
	scan = systable_beginscan(comments, SharedDescriptionObjIndexId, true, NULL, 2, keys);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, Anum_pg_shdescription_description,
										 RelationGetDescr(comments), &isnull);

		if (!isnull)
			comment = TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(comments, AccessShareLock);
	return comment;
}

/* The display name of the current owner, or NULL. */
static char *
current_owner_name(void)
{
	if (has_no_owner() || is_unnamed())
		return NULL;
	if (locking_owner_name_setting[0] != '\0')
		return locking_owner_name_setting;
	return locking_owner_setting[0] != '\0' ? NULL : role_comment(GetOuterUserId());
}

/*
 * The display name as it is stored with a lock, or NULL.  It may be a role's
 * comment, whose length is not limited otherwise.
 */
char *
stored_owner_name(void)
{
	char	   *name = current_owner_name();

	if (name && strlen(name) > locking_max_name_length)
		name = pnstrdup(name, pg_mbcliplen(name, strlen(name), locking_max_name_length));
	return name;
}

/* Is this the current owner? */
bool
is_current_owner(const char *owner)
{
	const char *current = current_owner();

	return current && strcmp(owner, current) == 0;
}

Datum
locking_owner(PG_FUNCTION_ARGS)
{
	char	   *owner = current_owner();

	if (owner == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(owner));
}

/*
 * EXECUTE on set_owner() is the privilege to set these settings.
 */
static void
set_setting(const char *name, const char *value, bool is_local)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION,
							 is_local ? GUC_ACTION_LOCAL : GUC_ACTION_SET,
							 true, 0, false);
}

Datum
locking_set_owner(PG_FUNCTION_ARGS)
{
	char	   *owner;
	char	   *owner_name;
	bool		is_local = PG_ARGISNULL(2) ? true : PG_GETARG_BOOL(2);

	refuse_foreign_code();
	argument_not_null(fcinfo, 0, "owner");
	owner = name_argument(fcinfo, 0, "owner");
	owner_name = name_argument(fcinfo, 1, "owner_name");
	if (is_local)
		check_owner_scope(fcinfo);
	set_setting("locking.owner", owner, is_local);
	set_setting("locking.owner_name", owner_name ? owner_name : "", is_local);
	PG_RETURN_VOID();
}
