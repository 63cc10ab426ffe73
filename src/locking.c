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
bool		locking_require_owner;
int			locking_notify;
bool		locking_history;
int			locking_keep_lapsed;
int			locking_keep_history;
int			locking_hand_over_time;
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

/* it was a boolean, so accept those spellings, too */
static const struct config_enum_entry notify_options[] = {
	{"on", NOTIFY_AFTER_COMMIT, false},
	{"transaction", NOTIFY_IN_TRANSACTION, false},
	{"off", NOTIFY_OFF, false},
	{"true", NOTIFY_AFTER_COMMIT, true},
	{"yes", NOTIFY_AFTER_COMMIT, true},
	{"1", NOTIFY_AFTER_COMMIT, true},
	{"false", NOTIFY_OFF, true},
	{"no", NOTIFY_OFF, true},
	{"0", NOTIFY_OFF, true},
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
 * Returns what is wrong with an owner or an owner's name, or NULL.  Different
 * owners must not look the same when displayed.
 */
static const char *
owner_fault(const char *owner)
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

/* Refuse an argument that cannot be an owner. */
void
check_owner_argument(const char *owner)
{
	const char *fault = owner[0] == '\0' ? "must not be empty" : owner_fault(owner);

	if (fault)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("owner %s", fault)));
}

static bool
check_owner(char **value, const char *what)
{
	const char *fault = owner_fault(*value);

	if (fault == NULL)
		return true;
	GUC_check_errmsg("%s %s", what, fault);
	GUC_check_errdetail("It must have at most %d bytes, no blanks at its ends, and no control characters.",
						MAX_OWNER_LENGTH);
	GUC_check_errhint("Trim the user's name, or reject the user.");
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
 * The owner is PGC_SUSET: a role that could set it could write every row.
 * PostgreSQL itself discards a placeholder that an ordinary user set before
 * the library was loaded, when the real variable is defined.
 */
static void
define_owner_settings(void)
{
	DefineCustomStringVariable("locking.owner",
							   "Sets the current owner of locks; if empty, it is the role.",
							   "Use locking.set_owner() to set it.",
							   &locking_owner_setting, "",
							   PGC_SUSET, 0, check_owner_setting, NULL, NULL);
	DefineCustomStringVariable("locking.owner_name",
							   "Sets the owner's display name; if empty, it is the role's comment.",
							   NULL,
							   &locking_owner_name_setting, "",
							   PGC_SUSET, 0, check_owner_name_setting, NULL, NULL);
	DefineCustomBoolVariable("locking.require_owner",
							 "Requires an owner to be named; the role is then no owner.",
							 "For roles as which applications act for their users.",
							 &locking_require_owner, false,
							 PGC_SUSET, 0, NULL, NULL, NULL);
}

static void
define_time_settings(void)
{
	DefineCustomIntVariable("locking.time_until_expiration",
							"Sets the duration of locks for which neither call nor table specifies one.",
							NULL, &locking_time_until_expiration, 120, 1, INT_MAX,
							PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.time_until_warning",
							"Sets the time without renewal after which the front end warns.",
							NULL, &locking_time_until_warning, 60, 1, INT_MAX,
							PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.keep_lapsed",
							"Sets how long the record of a lapsed lock is kept for resumption.",
							NULL, &locking_keep_lapsed, 3600, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.keep_history",
							"Sets how long events are kept in the history, and drafts of rows that are gone.",
							"-1 keeps them for ever.",
							&locking_keep_history, 90 * SECS_PER_DAY, -1, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.hand_over_time",
							"Sets how long a row that is handed over is kept for the next owner.",
							"It is also the length of each requester's turn after an expiry. Zero turns handing over off.",
							&locking_hand_over_time, 30, 0, SECS_PER_DAY,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
}

static void
define_behaviour_settings(void)
{
	DefineCustomEnumVariable("locking.on_locked",
							 "Sets what the guard does with rows that another owner has locked.",
							 "\"skip\" leaves them unchanged, for batch jobs.",
							 &locking_on_locked, ON_LOCKED_ERROR, on_locked_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("locking.enforce",
							 "Enforces locks; if off, the guard allows every write, for repairs.",
							 NULL, &locking_enforce, true,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("locking.notify",
							 "Sends notifications of lock events on channel \"locking\".",
							 "\"on\" sends them after the commit, \"transaction\" within it, so that commits wait for each other.",
							 &locking_notify, NOTIFY_AFTER_COMMIT, notify_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("locking.history",
							 "Records lock events in the history.",
							 NULL, &locking_history, true,
							 PGC_SUSET, 0, NULL, NULL, NULL);
}

/*
 * Limits on the resources that one owner can use.  Only superusers set them.
 */
static void
define_limits(void)
{
	DefineCustomIntVariable("locking.max_ttl",
							"Sets the maximum duration of a lock.",
							"Longer arguments are refused, longer settings are reduced to it.",
							&locking_max_ttl, SECS_PER_DAY, 1, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.max_name_length",
							"Sets the maximum length of an owner, an owner's name or a client.",
							NULL, &locking_max_name_length, 255, NAMEDATALEN - 1, 1000,
							PGC_SUSET, GUC_UNIT_BYTE, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.max_text_length",
							"Sets the maximum length of a note, a reason or a message.",
							NULL, &locking_max_text_length, 1000, 0, 1024 * 1024,
							PGC_SUSET, GUC_UNIT_BYTE, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.max_draft_size",
							"Sets the maximum size of a draft, as jsonb before compression.",
							NULL, &locking_max_draft_size, 16 * 1024, 1, 1024 * 1024,
							PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("locking.max_locks_per_owner",
							"Sets the maximum number of live locks, of requests and of drafts of one owner.",
							NULL, &locking_max_locks_per_owner, 10000, 1, INT_MAX,
							PGC_SUSET, 0, NULL, NULL, NULL);
}

/* Define the settings. */
void
define_settings(void)
{
	define_owner_settings();
	define_time_settings();
	define_behaviour_settings();
	define_limits();
}
