/*
 * owner.c
 *		Who the current user is, as far as locks are concerned.
 *
 * An owner must not be forged (S8).  The setting is for those who may set it;
 * without it the owner is the outer role: SET ROLE counts, which needs
 * membership, and SECURITY DEFINER does not, so that nobody becomes another by
 * calling his function.
 *
 * Where PostgreSQL runs a table owner's code in somebody else's command (triggers
 * below a foreign key's action, functions of indexes that are maintained), that
 * code is its owner's: neither setting nor outer role are for it to use.
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

PG_FUNCTION_INFO_V1(locking_owner);
PG_FUNCTION_INFO_V1(locking_set_owner);

static bool own_reading = false;

/*
 * Reading on behalf of the caller is restricted, too, but it is his own: policies
 * may ask who he is.  Returns what was set before.
 */
bool
set_own_reading(bool on)
{
	bool		before = own_reading;

	own_reading = on;
	return before;
}

static bool
in_foreign_code(void)
{
	return (InSecurityRestrictedOperation() && !own_reading) || InNoForceRLSOperation();
}

/* The owner as he is to his own statements, whosever code is running. */
char *
outer_owner(void)
{
	return locking_owner_setting[0] != '\0' ? locking_owner_setting :
		GetUserNameFromId(GetOuterUserId(), false);
}

static Oid
owner_role(void)
{
	return in_foreign_code() ? GetUserId() : GetOuterUserId();
}

static bool
owner_is_set(void)
{
	return locking_owner_setting[0] != '\0' && !in_foreign_code();
}

char *
current_owner(void)
{
	return owner_is_set() ? locking_owner_setting : GetUserNameFromId(owner_role(), false);
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
	if (locking_owner_name_setting[0] != '\0' && !in_foreign_code())
		return locking_owner_name_setting;
	return owner_is_set() ? NULL : role_comment(owner_role());
}

bool
is_current_owner(const char *owner)
{
	return strcmp(owner, current_owner()) == 0;
}

Datum
locking_owner(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(current_owner()));
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

	argument_not_null(fcinfo, 0, "owner");
	owner = name_argument(fcinfo, 0, "owner");
	owner_name = name_argument(fcinfo, 1, "owner_name");
	set_setting("locking.owner", owner, is_local);
	set_setting("locking.owner_name", owner_name ? owner_name : "", is_local);
	PG_RETURN_VOID();
}
