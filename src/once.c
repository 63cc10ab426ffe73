/*
 * once.c
 *		once(): requests that are executed once, although they may arrive
 *		more than once.
 *
 * A client whose request got no answer does not know whether it was executed.
 * It sends the request again with the same id.  The id is inserted at the
 * start of the transaction that does the work, and commits with it: a unique
 * index decides, through crashes and between any number of servers, and a
 * repetition waits for the end of the transaction that it repeats.  Nothing
 * outside of that transaction could decide: an answer can be lost after the
 * commit, and the transaction's own id with it.
 *
 * Ids are those of an owner, so no owner can guess or use up another's.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "argument.h"
#include "catalog.h"
#include "locking.h"
#include "owner.h"

PG_FUNCTION_INFO_V1(locking_once);
PG_FUNCTION_INFO_V1(locking_keep_result);

#define MAX_DIGEST_SIZE 64		/* bytes: that of SHA-512 */

/* longer than any key of a row, of which a result may consist */
#define MAX_RESULT_SIZE 8192

/* ---- arguments ---- */

static char *
id_argument(FunctionCallInfo fcinfo)
{
	char	   *id;

	argument_not_null(fcinfo, 0, "id");
	id = name_argument(fcinfo, 0, "id");
	if (id[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", "id")));
	return id;
}

/* An optional value of limited size; false if it is null. */
static bool
value_argument(FunctionCallInfo fcinfo, int argno, const char *what, Size max, Datum *value)
{
	if (PG_ARGISNULL(argno))
		return false;
	*value = PG_GETARG_DATUM(argno);
	if (toast_raw_datum_size(*value) - VARHDRSZ > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is too long", what),
				 errdetail("It can have at most %zu bytes.", max)));
	return true;
}

/* ---- housekeeping ---- */

/* calls of once() between two removals, each of which removes more */
#define TIDY_EVERY 16
#define TIDY_SIZE "64"

/*
 * Remove some ids that are old, and those of the owner beyond the limit,
 * oldest first.  A row that another session is removing is passed over.
 */
static void
tidy(Datum owner)
{
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {owner, Int32GetDatum(locking_max_locks_per_owner)};

	catalog_execute("DELETE FROM locking.done WHERE (owner, id) IN (SELECT owner, id FROM locking.done"
					" WHERE done_at < clock_timestamp() - interval '7 days'"
					" ORDER BY done_at LIMIT " TIDY_SIZE " FOR UPDATE SKIP LOCKED)",
					0, NULL, NULL, NULL);
	catalog_execute("DELETE FROM locking.done WHERE (owner, id) IN (SELECT owner, id FROM locking.done"
					" WHERE owner = $1 ORDER BY done_at DESC OFFSET $2 LIMIT " TIDY_SIZE " FOR UPDATE SKIP LOCKED)",
					lengthof(types), types, values, NULL);
}

static void
tidy_now_and_then(Datum owner)
{
	static unsigned int calls = 0;

	if (calls++ % TIDY_EVERY == 0)
		tidy(owner);
}

/* ---- interface ---- */

/* Refuse the id of another request, which would be lost otherwise. */
static void
check_same_request(const Oid *types, const Datum *values, const bool *nulls)
{
	if (catalog_execute("SELECT FROM locking.done WHERE owner = $1 AND id = $2 AND digest IS DISTINCT FROM $3",
						3, types, values, nulls) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("id \"%s\" was used for another request", TextDatumGetCString(values[1])),
				 errhint("Give each request an id of its own.")));
}

static Datum
make_answer(FunctionCallInfo fcinfo, bool is_new, Datum result, bool has_no_result)
{
	Datum		values[] = {BoolGetDatum(is_new), result};
	bool		nulls[] = {false, has_no_result};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "once() must return a composite type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/*
 * Is the request with this id new?  Otherwise it has been executed, and its
 * result, if it was kept, is returned, too.
 */
Datum
locking_once(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, BYTEAOID};
	Datum		values[3];
	bool		nulls[3] = {false};
	Datum		result;
	bool		has_no_result;

	values[0] = CStringGetTextDatum(require_owner());
	values[1] = CStringGetTextDatum(id_argument(fcinfo));
	nulls[2] = !value_argument(fcinfo, 1, "digest", MAX_DIGEST_SIZE, &values[2]);
	tidy_now_and_then(values[0]);
	if (catalog_execute("INSERT INTO locking.done (owner, id, digest) VALUES ($1, $2, $3)"
						" ON CONFLICT (owner, id) DO NOTHING",
						lengthof(types), types, values, nulls) > 0)
		return make_answer(fcinfo, true, (Datum) 0, true);
	check_same_request(types, values, nulls);
	result = catalog_query("SELECT result FROM locking.done WHERE owner = $1 AND id = $2",
						   2, types, values, NULL, &has_no_result);
	return make_answer(fcinfo, false, result, has_no_result);
}

/* Keep the result of a request for its repetitions. */
Datum
locking_keep_result(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	Datum		values[3];
	bool		nulls[3] = {false};

	values[0] = CStringGetTextDatum(require_owner());
	values[1] = CStringGetTextDatum(id_argument(fcinfo));
	nulls[2] = !value_argument(fcinfo, 1, "result", MAX_RESULT_SIZE, &values[2]);
	if (catalog_execute("UPDATE locking.done SET result = $3 WHERE owner = $1 AND id = $2",
						lengthof(types), types, values, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no request with id \"%s\"", TextDatumGetCString(values[1])),
				 errhint("Call locking.once() first, in the same transaction.")));
	PG_RETURN_VOID();
}
