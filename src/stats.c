/*
 * stats.c
 *		Counters of what happens to the locks of each protected table:
 *		counters(), reset_stats().
 *
 * They are in shared memory, since refusals have to be counted although their
 * transaction aborts.  Like PostgreSQL's own statistics they count what
 * happened, also in transactions that were rolled back.  Where there is no
 * shared memory, nothing is counted.  The guard does not count what passes.
 *
 * A table has an entry in a hash table of fixed size, with linear probing.
 * Entries are found without a lock, and counted in by atomic additions; they
 * are added and removed under a spinlock.  An entry is removed with the
 * settings of its table (by the trigger on locking.protected), but an
 * entry that was removed is reused only for a new one, so that no probe ends
 * too early.  A backend that counts in an entry while it is reused may count
 * one event for the wrong table.
 *
 * If the hash table is full, entries of dropped databases are removed.  If
 * that does not help, further tables are not counted: their counters are
 * null.
 */
#include "stats.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/spin.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "clock.h"
#include "partition.h"
#include "shared.h"

PG_FUNCTION_INFO_V1(locking_counters);
PG_FUNCTION_INFO_V1(locking_reset_stats);

/* increase it with every change of the layout */
#define STATS_VERSION 1

/* number of tables that are counted, in all databases together */
#define MAX_TABLES 4096

/* values of Entry.table that are no tables */
#define UNUSED UINT64CONST(0)
#define REMOVED UINT64CONST(1)

typedef struct Entry
{
	pg_atomic_uint64 table;		/* database and relation */
	pg_atomic_uint64 since;		/* a TimestampTz */
	pg_atomic_uint64 counts[N_COUNTERS];
} Entry;

typedef struct Stats
{
	uint32		version;
	slock_t		mutex;			/* for adding and removing entries */
	pg_atomic_uint32 full;
	pg_atomic_uint64 since;		/* of tables without an entry */
	Entry		entries[MAX_TABLES];
} Stats;

/* ---- shared memory ---- */

static Size
stats_size(void)
{
	return sizeof(Stats);
}

static void
init_entry(Entry *entry)
{
	pg_atomic_init_u64(&entry->table, UNUSED);
	pg_atomic_init_u64(&entry->since, 0);
	for (int i = 0; i < N_COUNTERS; i++)
		pg_atomic_init_u64(&entry->counts[i], 0);
}

static void
initialize_stats(void *memory)
{
	Stats	   *new = memory;

	new->version = STATS_VERSION;
	SpinLockInit(&new->mutex);
	pg_atomic_init_u32(&new->full, 0);
	pg_atomic_init_u64(&new->since, (uint64) clock_now());
	for (int i = 0; i < MAX_TABLES; i++)
		init_entry(&new->entries[i]);
}

static SharedArea area = {
	.name = "locking stats",
	.version = STATS_VERSION,
	.size = stats_size,
	.initialize = initialize_stats,
	.purpose = "the counters of \"locking\""
};

/* Register the area of shared memory. */
void
stats_init(void)
{
	shared_register(&area);
}

/* The counters, or NULL. */
static Stats *
get_stats(void)
{
	return area.memory || shared_try_to_attach(&area) ? area.memory : NULL;
}

/* ---- entries ---- */

static uint64
table_number(Oid relid)
{
	return (uint64) MyDatabaseId << 32 | relid;
}

/*
 * Find the entry of a table.  "vacant" receives one that could become it, or
 * NULL.
 */
static Entry *
find_entry(Stats *stats, uint64 table, Entry **vacant)
{
	uint32		start = hash_bytes((const unsigned char *) &table, sizeof(table));

	*vacant = NULL;
	for (uint32 i = 0; i < MAX_TABLES; i++)
	{
		Entry	   *entry = &stats->entries[(start + i) % MAX_TABLES];
		uint64		found = pg_atomic_read_u64(&entry->table);

		if (found == table)
			return entry;
		if (*vacant == NULL && (found == UNUSED || found == REMOVED))
			*vacant = entry;
		if (found == UNUSED)
			break;
	}
	return NULL;
}

static void
clear_entry(Entry *entry)
{
	for (int i = 0; i < N_COUNTERS; i++)
		pg_atomic_write_u64(&entry->counts[i], 0);
	pg_atomic_write_u64(&entry->since, (uint64) clock_now());
}

/* Add an entry.  Returns NULL if there is no room. */
static Entry *
add_entry(Stats *stats, uint64 table)
{
	Entry	   *vacant;
	Entry	   *entry;

	SpinLockAcquire(&stats->mutex);
	entry = find_entry(stats, table, &vacant);
	if (entry == NULL && vacant)
	{
		entry = vacant;
		clear_entry(entry);
		pg_write_barrier();
		pg_atomic_write_u64(&entry->table, table);
	}
	SpinLockRelease(&stats->mutex);
	return entry;
}

static void
remove_entry(Stats *stats, uint64 table)
{
	Entry	   *vacant;
	Entry	   *entry;

	SpinLockAcquire(&stats->mutex);
	entry = find_entry(stats, table, &vacant);
	if (entry)
		pg_atomic_write_u64(&entry->table, REMOVED);
	SpinLockRelease(&stats->mutex);
	if (entry)
		pg_atomic_write_u32(&stats->full, 0);
}

/* Remove the entries of databases that were dropped. */
static void
remove_dropped(Stats *stats)
{
	for (int i = 0; i < MAX_TABLES; i++)
	{
		uint64		table = pg_atomic_read_u64(&stats->entries[i].table);

		if (table > REMOVED && !SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum((Oid) (table >> 32))))
			remove_entry(stats, table);
	}
}

/* The entry of a table, added if necessary.  NULL if there is no room. */
static Entry *
make_entry(Stats *stats, uint64 table)
{
	Entry	   *entry;

	if (pg_atomic_read_u32(&stats->full))
		return NULL;
	if ((entry = add_entry(stats, table)) != NULL)
		return entry;
	remove_dropped(stats);
	if ((entry = add_entry(stats, table)) == NULL)
		pg_atomic_write_u32(&stats->full, 1);
	return entry;
}

/* ---- counting ---- */

/* Count an event of a table. */
void
stats_count(Oid relid, Counter counter)
{
	static Entry *last = NULL;	/* mostly it is the same table */
	uint64		table = table_number(relid);
	Stats	   *stats = get_stats();
	Entry	   *vacant;

	if (stats == NULL)
		return;
	if (last == NULL || pg_atomic_read_u64(&last->table) != table)
	{
		last = find_entry(stats, table, &vacant);
		if (last == NULL && (last = make_entry(stats, table)) == NULL)
			return;
	}
	pg_atomic_fetch_add_u64(&last->counts[counter], 1);
}

/*
 * Start counting for a table that is being protected.  Its OID may be that of
 * a table that was dropped unnoticed.
 */
void
stats_begin(Oid relid)
{
	stats_forget(relid);
	if (get_stats())
		(void) make_entry(get_stats(), table_number(relid));
}

/* Remove the counters of a table. */
void
stats_forget(Oid relid)
{
	if (get_stats())
		remove_entry(get_stats(), table_number(relid));
}

/* ---- functions ---- */

/*
 * The counters of a table.  Without an entry they are 0, unless it has none
 * because there is no room.
 */
static bool
read_counters(Oid relid, Datum *values)
{
	Stats	   *stats = get_stats();
	Entry	   *vacant;
	Entry	   *entry = stats ? find_entry(stats, table_number(relid), &vacant) : NULL;

	if (stats == NULL || (entry == NULL && pg_atomic_read_u32(&stats->full)))
		return false;
	for (int i = 0; i < N_COUNTERS; i++)
		values[i] = Int64GetDatum(entry ? (int64) pg_atomic_read_u64(&entry->counts[i]) : 0);
	values[N_COUNTERS] = TimestampTzGetDatum((TimestampTz) pg_atomic_read_u64(entry ? &entry->since : &stats->since));
	return true;
}

Datum
locking_counters(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[N_COUNTERS + 1] = {0};
	bool		nulls[N_COUNTERS + 1];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	memset(nulls, PG_ARGISNULL(0) || !read_counters(PG_GETARG_OID(0), values), sizeof(nulls));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* Set all counters of this database to 0. */
static void
reset_database(Stats *stats)
{
	for (int i = 0; i < MAX_TABLES; i++)
	{
		Entry	   *entry = &stats->entries[i];

		if (pg_atomic_read_u64(&entry->table) >> 32 == MyDatabaseId)
			clear_entry(entry);
	}
}

/*
 * Set the counters of a table, or of all tables in this database, to 0.
 * EXECUTE is the right to do so.
 */
Datum
locking_reset_stats(PG_FUNCTION_ARGS)
{
	Stats	   *stats = get_stats();
	Entry	   *vacant;
	Entry	   *entry;

	if (stats == NULL)
		PG_RETURN_VOID();
	if (PG_ARGISNULL(0))
		reset_database(stats);
	else if ((entry = find_entry(stats, table_number(table_root(PG_GETARG_OID(0))), &vacant)) != NULL)
		clear_entry(entry);
	PG_RETURN_VOID();
}
