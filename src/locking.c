/*
 * locking.c
 *		Settings.
 */
#include "locking.h"

#include <limits.h>

#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"
#include "utils/guc.h"

char	   *locking_owner_setting;
char	   *locking_owner_name_setting;
int			locking_time_until_expiration;
int			locking_time_until_warning;
int			locking_on_locked;
bool		locking_enforce;
bool		locking_notify;
bool		locking_history;
int			locking_keep_lapsed;
int			locking_max_ttl;
int			locking_max_name_length;
int			locking_max_text_length;
int			locking_max_draft_size;
int			locking_max_locks_per_owner;

static const struct config_enum_entry on_locked_options[] = {
	{"error", ON_LOCKED_ERROR, false},
	{"skip", ON_LOCKED_SKIP, false},
	{NULL, 0, false}
};

static bool
is_control_character(const char *c)
{
	unsigned char first = c[0];
	unsigned char second = c[1];

	return first < 0x20 || first == 0x7f ||
		(GetDatabaseEncoding() == PG_UTF8 && first == 0xc2 && second >= 0x80 && second < 0xa0);
}

/*
 * What is wrong with an owner, or an owner's name, or NULL.  Owners that look
 * alike to people must not be two.
 */
static const char *owner_fault(const char *owner)
{
	Size		length = strlen(owner);

	if (length > MAX_OWNER_LENGTH)
		return "is too long";
	if (length > 0 && (owner[0] == ' ' || owner[length - 1] == ' '))
		return "must not begin or end with a blank";
	for (const char *c = owner; *c; c++)
		if (is_control_character(c))
			return "must not contain control characters";
	return NULL;
}

static bool
check_owner(char **value, const char *what)
{
	const char *fault = owner_fault(*value);

	if (fault == NULL)
		return true;
	GUC_check_errmsg("%s %s", what, fault);
	GUC_check_errdetail("It has at most %d bytes, no blanks at its ends, and no control characters.",
						MAX_OWNER_LENGTH);
	GUC_check_errhint("Trim the user's name, or refuse the user.");
	return false;
}

static bool
check_owner_setting(char **value, void **extra, GucSource source)
{
	return check_owner(value, "owner");
}

static bool
check_owner_name_setting(char **value, void **extra, GucSource source)
{
	return check_owner(value, "owner_name");
}

/*
 * The owner is PGC_SUSET: whoever could set it could write every row.  A
 * placeholder that an ordinary user set before the library was loaded is
 * thrown away by PostgreSQL itself when the real variable is defined.
 */
static void
define_owner_settings(void)
{
	DefineCustomStringVariable("locking.owner",
							   "The current owner of locks; empty: the role.",
							   "Set it with locking.set_owner().",
							   &locking_owner_setting, "",
							   PGC_SUSET, 0, check_owner_setting, NULL, NULL);
	DefineCustomStringVariable("locking.owner_name",
							   "The owner's name as shown to people; empty: the role's comment.",
							   NULL,
							   &locking_owner_name_setting, "",
							   PGC_SUSET, 0, check_owner_name_setting, NULL, NULL);
}

static void
define_time_settings(void)
{
	DefineCustomIntVariable("locking.time_until_expiration",
							"A lock's time, if neither call nor table says.",
							NULL, &locking_time_until_expiration, 120, 1, INT_MAX,
							PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.time_until_warning",
							"After this long without renewal the front end warns.",
							NULL, &locking_time_until_warning, 60, 1, INT_MAX,
							PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.keep_lapsed",
							"How long a lapsed lock's record is kept for resuming.",
							NULL, &locking_keep_lapsed, 3600, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
}

static void
define_behaviour_settings(void)
{
	DefineCustomEnumVariable("locking.on_locked",
							 "What the guard does with rows that somebody else has locked.",
							 "\"skip\" leaves them alone, for batch jobs.",
							 &locking_on_locked, ON_LOCKED_ERROR, on_locked_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("locking.enforce",
							 "Off: the guard lets everything pass, for repairs.",
							 NULL, &locking_enforce, true,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("locking.notify",
							 "Send events of locks on channel \"locking\".",
							 "A transaction that sent one cannot be prepared for two-phase commit.",
							 &locking_notify, true,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("locking.history",
							 "Keep the history of locks.",
							 NULL, &locking_history, true,
							 PGC_SUSET, 0, NULL, NULL, NULL);
}

/* What one owner can cost the others: superusers say how much. */
static void
define_limits(void)
{
	DefineCustomIntVariable("locking.max_ttl",
							"The longest time that a lock may be given.",
							"Longer arguments are refused, longer settings are cut.",
							&locking_max_ttl, SECS_PER_DAY, 1, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.max_name_length",
							"The longest owner, owner's name or client.",
							NULL, &locking_max_name_length, 255, NAMEDATALEN - 1, 1000,
							PGC_SUSET, GUC_UNIT_BYTE, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.max_text_length",
							"The longest note, reason or message.",
							NULL, &locking_max_text_length, 1000, 0, 1024 * 1024,
							PGC_SUSET, GUC_UNIT_BYTE, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.max_draft_size",
							"The largest draft, as jsonb before compression.",
							NULL, &locking_max_draft_size, 16 * 1024, 1, 1024 * 1024,
							PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.max_locks_per_owner",
							"How many live locks one owner may have, and how many requests and drafts.",
							NULL, &locking_max_locks_per_owner, 10000, 1, INT_MAX,
							PGC_SUSET, 0, NULL, NULL, NULL);
}

void
define_settings(void)
{
	define_owner_settings();
	define_time_settings();
	define_behaviour_settings();
	define_limits();
}
