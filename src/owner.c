/*
 * owner.c
 *		The current owner: the application's user, as far as locks are
 *		concerned.
 *
 * An owner must not be forged (S8).  The setting is for roles that may set
 * it; without it the owner is the outer role: SET ROLE counts, which needs
 * membership, and SECURITY DEFINER does not, so that calling a function makes
 * no role another.
 *
 * Foreign code, which PostgreSQL runs for a table's owner in a command of
 * others (statement.c), acts for nobody: neither setting nor outer role are
 * its own, and the current role is one that any function with SECURITY
 * DEFINER chooses.  Nobody's locks match, and nobody acquires any.
 * src/README.md has a table of all contexts.
 */
#include "locking.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_shdescription.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"

#include "statement.h"

PG_FUNCTION_INFO_V1(locking_owner);
PG_FUNCTION_INFO_V1(locking_set_owner);

static bool own_reading = false;

/*
 * Reading on behalf of the caller is restricted, too, but it is the caller's
 * own: policies may call locking.owner().  Returns what was set before.
 */
bool
set_own_reading(bool on)
{
	bool		before = own_reading;

	own_reading = on;
	return before;
}

/* The owner of the session's own statements, whichever code is running. */
char *
outer_owner(void)
{
	return locking_owner_setting[0] != '\0' ? locking_owner_setting :
		GetUserNameFromId(GetOuterUserId(), false);
}

static bool
is_nobody(void)
{
	return in_foreign_code() && !(own_reading && !InNoForceRLSOperation());
}

/* NULL: nobody. */
char *
current_owner(void)
{
	return is_nobody() ? NULL : outer_owner();
}

/* The owner of the statement that has fired the calling trigger, or NULL. */
char *
writing_owner(void)
{
	return is_fired_by_foreign_code() ? NULL : outer_owner();
}

/* current_owner(), for what only an owner can do. */
char *
require_owner(void)
{
	char	   *owner = current_owner();

	if (owner == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("there is no lock owner in code that runs on behalf of a table's owner"),
				 errdetail("Triggers and functions below a foreign key's action, functions of indexes in maintenance commands and materialized views act for nobody."),
				 errhint("Call the function in a statement of the session itself.")));
	return owner;
}

/* COMMENT ON ROLE, or NULL; it is in a catalog of its own. */
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

/* The name shown to people, or NULL. */
char *
current_owner_name(void)
{
	if (is_nobody())
		return NULL;
	if (locking_owner_name_setting[0] != '\0')
		return locking_owner_name_setting;
	return locking_owner_setting[0] != '\0' ? NULL : role_comment(GetOuterUserId());
}

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

/* The right to call set_owner() is the right to set what it sets. */
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

	(void) require_owner();		/* not for foreign code */
	argument_not_null(fcinfo, 0, "owner");
	owner = name_argument(fcinfo, 0, "owner");
	owner_name = name_argument(fcinfo, 1, "owner_name");
	set_setting("locking.owner", owner, is_local);
	set_setting("locking.owner_name", owner_name ? owner_name : "", is_local);
	PG_RETURN_VOID();
}
