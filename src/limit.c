/*
 * limit.c
 *		Limits on what one owner can store: lengths of texts, sizes of drafts,
 *		numbers of locks, requests and drafts.
 *
 * Live locks are counted in the index on their owners, but not for each new
 * lock: the table's size alone may show that there cannot be so many, and a
 * count leaves the backend some room, up to a 32nd of the limit, in which it
 * does not count again.  acquire_all() so counts 32 times at most until the
 * limit is reached, not once for each key.
 *
 * One backend never exceeds the limit.  Several at once can: each may use up
 * the room that its own last count left it.  They exceed the limit by no more
 * than a 32nd of it for each backend that acquires for this owner at that
 * time, as the next count of each sees the others' locks, those of
 * transactions in progress included.
 *
 * Requests and drafts are counted by the statement that writes them
 * (draft.c), and can be exceeded by one row for each backend.
 */
#include "locking.h"

#include "access/detoast.h"
#include "mb/pg_wchar.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

/* a record with its line pointer takes 96 bytes at the least */
#define MAX_RECORDS_PER_BLOCK (BLCKSZ / 96)

/* of the limit: how much room a count may leave */
#define ROOM_SHARE 32

/* ---- texts and drafts ---- */

static Size
raw_size(Datum value)
{
	return toast_raw_datum_size(value) - VARHDRSZ;
}

/* Measured before it is decompressed. */
static void
check_size(Datum value, const char *what, uint64 limit, const char *setting)
{
	Size		size = raw_size(value);

	if (size > limit)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is too long", what),
				 errdetail("It has %zu bytes; the setting \"%s\" allows " UINT64_FORMAT ".",
						   size, setting, limit),
				 errhint("Shorten it, or ask a superuser to raise the setting.")));
}

/* An optional text for people to read, or NULL. */
char *
text_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	if (PG_ARGISNULL(argno))
		return NULL;
	check_size(PG_GETARG_DATUM(argno), what, locking_max_text_length, "locking.max_text_length");
	return text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/* An optional name: of an owner, or of a client. */
char *
name_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	if (PG_ARGISNULL(argno))
		return NULL;
	check_size(PG_GETARG_DATUM(argno), what, locking_max_name_length, "locking.max_name_length");
	return text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/* A draft; the caller has looked whether it is null. */
Datum
draft_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	check_size(PG_GETARG_DATUM(argno), what,
			   (uint64) locking_max_draft_size * 1024, "locking.max_draft_size");
	return PG_GETARG_DATUM(argno);
}

/*
 * The current owner's name for people, or NULL.  It may be a role's comment,
 * whose length nobody limits.
 */
char *
stored_owner_name(void)
{
	char	   *name = current_owner_name();

	if (name && strlen(name) > locking_max_name_length)
		name = pnstrdup(name, pg_mbcliplen(name, strlen(name), locking_max_name_length));
	return name;
}

/* ---- owners ---- */

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
const char *
fault_of_owner(const char *owner)
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

/* ---- numbers of rows ---- */

/* "too_many": what is wrong with the current owner. */
void
refuse_number(const char *too_many, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("owner \"%s\" %s", current_owner(), too_many),
			 errdetail("The setting \"locking.max_locks_per_owner\" allows %d.",
					   locking_max_locks_per_owner),
			 errhint("%s", hint)));
}

static void
refuse_lock(void)
{
	refuse_number("has too many locks",
				  "Release some with locking.release() or locking.release_all().");
}

/* May so many locks be acquired at once? */
void
check_number_of_locks(int n)
{
	if (n > locking_max_locks_per_owner)
		refuse_lock();
}

/* What the last count left this backend. */
static struct
{
	char		owner[MAX_OWNER_LENGTH + 1];
	int			limit;
	int			left;
}			room;

/* No fewer than the owner has, and exact if it may be the limit. */
static int
number_of_locks(Relation records, const char *owner, int limit)
{
	uint64		at_most = (uint64) RelationGetNumberOfBlocks(records) * MAX_RECORDS_PER_BLOCK;

	return at_most < limit ? (int) at_most : record_count_live(records, owner, limit);
}

static void
look_for_room(Relation records, const char *owner)
{
	int			limit = locking_max_locks_per_owner;
	int			left = limit - number_of_locks(records, owner, limit);

	if (left <= 0)
		refuse_lock();
	strlcpy(room.owner, owner, sizeof(room.owner));
	room.limit = limit;
	room.left = Min(left, Max(limit / ROOM_SHARE, 1));
}

/* The current owner is about to get a new lock: may there be one more? */
void
take_room_for_lock(Relation records)
{
	const char *owner = current_owner();

	if (room.left <= 0 || room.limit != locking_max_locks_per_owner || strcmp(room.owner, owner) != 0)
		look_for_room(records, owner);
	room.left--;
}
