/*
 * owner.c
 *		Who the current user is, as far as locks are concerned.
 *
 * An owner must not be forged (S8).  The setting is for those who may set it;
 * without it the owner is the outer role: SET ROLE counts, which needs
 * membership, and SECURITY DEFINER does not, so that nobody becomes another by
 * calling his function.
 */
#include "locking.h"

#include "catalog/pg_authid.h"
#include "commands/comment.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

PG_FUNCTION_INFO_V1(locking_owner);
PG_FUNCTION_INFO_V1(locking_set_owner);

char *
current_owner(void)
{
	if (locking_owner_setting[0] != '\0')
		return locking_owner_setting;
	return GetUserNameFromId(GetOuterUserId(), false);
}

/* The name shown to people, or NULL. */
char *
current_owner_name(void)
{
	if (locking_owner_name_setting[0] != '\0')
		return locking_owner_name_setting;
	if (locking_owner_setting[0] != '\0')
		return NULL;
	return GetComment(GetOuterUserId(), AuthIdRelationId, 0);
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
	owner = text_argument(fcinfo, 0);
	owner_name = text_argument(fcinfo, 1);
	set_setting("locking.owner", owner, is_local);
	set_setting("locking.owner_name", owner_name ? owner_name : "", is_local);
	PG_RETURN_VOID();
}
