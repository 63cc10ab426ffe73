/*
 * catalog.c
 *		The extension's own relations: their OIDs, and queries on them with
 *		the rights of their owner.
 *
 * OIDs are looked up by name and cached until the relation cache reports a
 * change of one of them, so that DROP and CREATE EXTENSION within one session
 * work.
 */
#include "catalog.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "query.h"
#include "relation.h"
#include "role.h"

#define LOCKING_SCHEMA "locking"

typedef struct CatalogEntry
{
	const char *name;
	Oid			relid;
} CatalogEntry;

static CatalogEntry entries[] = {
	{"lock"}, {"lock_pkey"}, {"lock_token_key"}, {"lock_owner_idx"}, {"token_seq"},
	{"protected"}, {"protected_pkey"}, {"protected_parent_idx"},
	{"event"}, {"event_id_seq"}, {"event_pkey"}, {"event_row_idx"},
	{"request_queue"}, {"request_queue_pkey"}, {"draft"},
};

static void
invalidate_relids(Datum arg, Oid relid)
{
	for (int i = 0; i < lengthof(entries); i++)
		if (!OidIsValid(relid) || entries[i].relid == relid)
			entries[i].relid = InvalidOid;
}

/* Set up invalidation of the cached OIDs. */
void
catalog_init(void)
{
	CacheRegisterRelcacheCallback(invalidate_relids, (Datum) 0);
}

/* Is the extension installed in this database? */
bool
catalog_installed(void)
{
	Oid			schema = get_namespace_oid(LOCKING_SCHEMA, true);

	return OidIsValid(schema) && OidIsValid(get_relname_relid("protected", schema));
}

static Oid
lookup_relid(const char *name)
{
	Oid			schema = get_namespace_oid(LOCKING_SCHEMA, true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s.%s\" does not exist", LOCKING_SCHEMA, name),
				 errhint("Run CREATE EXTENSION locking in this database.")));
	return relid;
}

/* The OID of one of the extension's relations. */
Oid
catalog_relid(const char *name)
{
	for (int i = 0; i < lengthof(entries); i++)
	{
		if (strcmp(entries[i].name, name) != 0)
			continue;
		if (!OidIsValid(entries[i].relid))
			entries[i].relid = lookup_relid(name);
		return entries[i].relid;
	}
	elog(ERROR, "unknown relation \"%s\" of locking", name);
}

/*
 * Open one of the tables.  Its OID may be that of a table that was dropped
 * with the extension while this backend waited for the lock.
 */
Relation
catalog_open(const char *name, LOCKMODE lockmode)
{
	for (;;)
	{
		Oid			relid = catalog_relid(name);
		Relation	rel = try_relation_open(relid, lockmode);

		if (rel)
			return rel;
		invalidate_relids((Datum) 0, relid);
	}
}

/* Do all of the extension's relations exist?  Raises no error. */
bool
catalog_complete(void)
{
	Oid			schema = get_namespace_oid(LOCKING_SCHEMA, true);

	for (int i = 0; i < lengthof(entries); i++)
		if (!OidIsValid(schema) || !OidIsValid(get_relname_relid(entries[i].name, schema)))
			return false;
	return true;
}

/*
 * Refuse direct writes to locking.protected and locking.lock, for the
 * triggers on these tables.  Settings and locks are written by this
 * extension's functions, as the tables' owner, or by a superuser (a restore,
 * replication, repairs).  Members of pg_write_all_data, and roles that were
 * granted INSERT and the like, could otherwise end any lock or forge one.
 */
void
check_writer(Relation rel)
{
	if (!locking_owns_relation(RelationGetRelid(rel), GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to write table \"%s.%s\" directly",
						LOCKING_SCHEMA, RelationGetRelationName(rel)),
				 errdetail("Only the table's owner and superusers may write it, regardless of granted privileges."),
				 errhint("Use the functions in schema \"%s\".", LOCKING_SCHEMA)));
}

/* The owner of the extension's tables, with whose rights they are written. */
Oid
catalog_owner(void)
{
	return relation_owner(catalog_relid("lock"));
}

/* The first column of a row. */
typedef struct FirstColumn
{
	Datum		value;
	bool		isnull;
} FirstColumn;

static void
read_value(void *arg, HeapTuple row, TupleDesc desc)
{
	FirstColumn *first = arg;
	Form_pg_attribute att = TupleDescAttr(desc, 0);
	Datum		value = SPI_getbinval(row, desc, 1, &first->isnull);

	if (!first->isnull)
		first->value = datumCopy(value, att->attbyval, att->attlen);
}

/*
 * Run a query with the rights of the tables' owner and a search_path without
 * user schemas.
 */
static uint64
run_as_owner(const SPIQuery *query)
{
	RoleSwitch	saved;
	uint64		processed;

	enter_role_unrestricted(&saved, catalog_owner());
	processed = query_run(query);
	leave_role(&saved);
	return processed;
}

/*
 * Execute a statement with the rights of the tables' owner.  Returns the
 * number of rows that it processed.
 */
int64
catalog_execute(const char *sql, int nargs, const Oid *types, const Datum *values, const bool *nulls)
{
	SPIQuery	query = {
		.sql = sql,
		.nargs = nargs,
		.types = types,
		.values = values,
		.nulls = nulls,
		.latest = true
	};

	return run_as_owner(&query);
}

/*
 * Execute a query with the rights of the tables' owner and return its single
 * value.
 */
Datum
catalog_query(const char *sql, int nargs, const Oid *types, const Datum *values,
			  const bool *nulls, bool *isnull)
{
	FirstColumn first = {(Datum) 0, true};
	SPIQuery	query = {
		.sql = sql,
		.nargs = nargs,
		.types = types,
		.values = values,
		.nulls = nulls,
		.latest = true,
		.read = read_value,
		.arg = &first
	};

	(void) run_as_owner(&query);
	*isnull = first.isnull;
	return first.value;
}
