/*
 * locking.h
 *		What the files of this extension share.
 *
 * A lock is a lease on one row: a record in locking.lock.  Words, promises
 * and the numbered rules of the protocol that comments refer to ("rule 3")
 * are those of src/README.md.
 */
#ifndef LOCKING_H
#define LOCKING_H

#include "postgres.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "nodes/lockoptions.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "compat.h"

#define ERRCODE_LOCK_LOST		MAKE_SQLSTATE('L', 'K', '0', '0', '1')
#define ERRCODE_LOCK_REQUIRED	MAKE_SQLSTATE('L', 'K', '0', '0', '2')

/*
 * calls from one file to the other need no detour; only what SQL calls is
 * visible
 */
#pragma GCC visibility push(hidden)

/* ---- settings (locking.c) ---- */

typedef enum OnLocked
{
	ON_LOCKED_ERROR,
	ON_LOCKED_SKIP
} OnLocked;

extern char *locking_owner_setting;
extern char *locking_owner_name_setting;
extern int	locking_time_until_expiration;	/* seconds */
extern int	locking_time_until_warning; /* seconds */
extern int	locking_on_locked;
extern bool locking_enforce;
extern bool locking_notify;
extern bool locking_history;
extern int	locking_keep_lapsed;	/* seconds */
extern int	locking_max_ttl;	/* seconds */
extern int	locking_max_name_length;	/* bytes, like the next */
extern int	locking_max_text_length;
extern int	locking_max_draft_size; /* kB */
extern int	locking_max_locks_per_owner;

/* ---- own relations (catalog.c) ---- */

extern void catalog_init(void);
extern Oid	catalog_relid(const char *name);
extern Oid	catalog_owner(void);
extern Relation catalog_open(const char *name, LOCKMODE lockmode);
extern bool catalog_installed(void);
extern bool catalog_complete(void);
extern void check_writer(Relation rel);
extern Datum catalog_query(const char *sql, int nargs, const Oid *types, const Datum *values,
						   const bool *nulls, bool *isnull);
extern int64 catalog_execute(const char *sql, int nargs, const Oid *types, const Datum *values,
							 const bool *nulls);

/* ---- who one is (owner.c) ---- */

extern char *current_owner(void);
extern char *writing_owner(void);
extern char *require_owner(void);
extern char *current_owner_name(void);
extern char *outer_owner(void);
extern bool set_own_reading(bool on);
extern bool is_current_owner(const char *owner);

/* ---- keys (key.c) ---- */

typedef enum KeyTextWay
{
	KEY_TEXT_AS_IS,				/* binary-coercible to text */
	KEY_TEXT_CAST,				/* a cast function to text */
	KEY_TEXT_OUTPUT				/* the type's output function */
} KeyTextWay;

typedef enum KeyKind
{
	KEY_OTHER,
	KEY_INTEGER,				/* stored, and written as usual, like the next two */
	KEY_UUID,
	KEY_TEXT
} KeyKind;

typedef struct KeyColumn
{
	AttrNumber	attnum;			/* in the relation of the Table */
	KeyKind		kind;
	int			size;			/* of the type */
	NameData	name;
	Oid			type;
	Oid			equals;			/* the type's equality operator */
	Oid			code_owner;		/* of input and output, or InvalidOid */
	Oid			typioparam;
	FmgrInfo	input;
	KeyTextWay	way;
	FmgrInfo	to_text;
} KeyColumn;

typedef struct Key
{
	int			ncolumns;
	int			integer_offset; /* of the one column, an integer, in rows without nulls; or -1 */
	bool		image_equal;	/* equal values have equal texts */
	bool		needs_settings; /* text depends on DateStyle and the like */
	KeyColumn	columns[FLEXIBLE_ARRAY_MEMBER];
} Key;

extern Key *key_build(Relation rel, Oid root, int ncolumns, const AttrNumber *root_attnums,
					  Oid index, MemoryContext cxt);
extern char *key_text(const Key *key, const Datum *values);
extern char *key_of_tuple(const Key *key, Relation rel, HeapTuple tuple, bool is_new);
extern bool key_integer_anywhere(const Key *key, Relation rel, HeapTuple tuple, int64 *integer);
extern bool key_place(const Key *key, Relation rel, HeapTuple tuple, uint64 *place);
extern bool key_differs(const Key *key, Relation rel, HeapTuple old, HeapTuple new);
extern bool column_differs(Relation rel, AttrNumber attnum, HeapTuple old, HeapTuple new);
extern void key_parse(const Key *key, Oid relid, const char *text, Datum *values);
extern void key_parse_stored(const Key *key, Oid relid, const char *text, Datum *values);
extern void key_argument(const Key *key, Oid relid, FunctionCallInfo fcinfo, int argno, Datum *values);
extern Datum tuple_value(Relation rel, HeapTuple tuple, AttrNumber attnum, bool is_new, bool *isnull);

/*
 * The integer that is the row's key, of a row just read or about to be
 * written.  False: it has no such key.  Asked of every row that is written,
 * hence inline, and for nearly every table and row a matter of one addition.
 */
static inline bool
key_integer(const Key *key, Relation rel, HeapTuple tuple, int64 *integer)
{
	const char *data = (const char *) tuple->t_data + tuple->t_data->t_hoff + key->integer_offset;

	if (unlikely(key->integer_offset < 0 || HeapTupleHasNulls(tuple) ||
				 key->columns[0].attnum > HeapTupleHeaderGetNatts(tuple->t_data)))
		return key_integer_anywhere(key, rel, tuple, integer);
	*integer = key->columns[0].size == sizeof(int32) ? *(const int32 *) data :
		key->columns[0].size == sizeof(int64) ? *(const int64 *) data : *(const int16 *) data;
	return true;
}

/* ---- tables as the guard and acquire() see them (table.c) ---- */

typedef enum TargetQuery
{
	TARGET_SEE,					/* read, as the caller */
	TARGET_LOCK,				/* lock, waiting for writers */
	TARGET_TRY,					/* lock, or give up at once */
	TARGET_NQUERIES
} TargetQuery;

typedef struct ForeignKey
{
	Oid			target;			/* the table referred to */
	bool		is_temporal;	/* refers to any number of rows */
	int			n;
	AttrNumber	columns[INDEX_MAX_KEYS];
	AttrNumber	refcolumns[INDEX_MAX_KEYS];
	Oid			operators[INDEX_MAX_KEYS];	/* referred = referring */
} ForeignKey;

typedef struct Parent
{
	ForeignKey	key;
	AttrNumber	attnums[INDEX_MAX_KEYS];	/* referring columns, in the relation of the Table */
	SPIPlanPtr	plans[TARGET_NQUERIES];
} Parent;

/* Stays for the backend's life, unlike what it points to. */
typedef struct Table
{
	Oid			relid;			/* hash key */
	struct TableInfo *info;
} Table;

typedef struct TableInfo
{
	bool		valid;
	Oid			relid;			/* the relation that stores the row */
	Oid			root;			/* the relation whose locks these are */
	bool		partitioned;
	bool		is_protected;
	bool		is_plain;		/* a row's own lock is all that its guard goes by */
	bool		key_replaced;	/* not the primary key that protect() found */
	bool		parent_lost;	/* nor the foreign key */
	bool		has_children;	/* of a root: rows of other tables are guarded by its rows */
	bool		hard;
	bool		required;
	bool		has_ttl;
	Interval	ttl;
	int			ncolumns;		/* guarded columns, 0: all */
	AttrNumber *columns;
	Key		   *key;			/* NULL: no primary key */
	Parent	   *parent;
	SPIPlanPtr	plans[TARGET_NQUERIES][2];	/* without and with xmin */
	int			ndepends;		/* relations whose change makes this invalid */
	Oid		   *depends;
	List	   *syscache_hashes;	/* of schemas and casts, likewise */
	MemoryContext cxt;
} TableInfo;

/*
 * What a role must be allowed on a table for what it wants of the table's
 * locks.
 */
typedef enum TableRight
{
	MAY_READ,					/* SELECT */
	MAY_LOCK,					/* UPDATE of some column */
	MAY_NAME					/* SELECT or UPDATE of some column */
} TableRight;

typedef void (*RootCheck) (Oid root, void *arg);

extern void table_init(void);
extern Table *table_entry(Relation rel);
extern TableInfo *table_info(Relation rel);
extern bool is_protected_table(Oid root);
extern Relation open_root(Oid relid, LOCKMODE lockmode, RootCheck check, void *arg);
extern TableInfo *protected_table(FunctionCallInfo fcinfo, int argno, LOCKMODE lockmode, TableRight right);
extern TableInfo *protected_table_by_id(Oid relid, LOCKMODE lockmode, TableRight right);
extern void check_key_in_force(const TableInfo *table);
extern SPIPlanPtr table_plan(TableInfo *info, TargetQuery which, bool with_xmin);
extern SPIPlanPtr parent_plan(TableInfo *info, TableInfo *parent, TargetQuery which);
extern void append_key_select(StringInfo query, const Key *key, Oid relid, bool with_xmin);
extern void append_key_condition(StringInfo query, int n, const KeyColumn *column);
extern void append_table(StringInfo query, Oid relid);
extern void append_condition(StringInfo query, int n, Oid operator, const char *left, Oid left_type,
							 const char *right, Oid right_type);
extern bool foreign_key(Oid relid, const char *name, ForeignKey *fk);
extern Oid	settings_table(HeapTuple settings, TupleDesc desc);
extern Oid	parent_table(HeapTuple settings, TupleDesc desc);
extern bool primary_key(Oid relid, List **attnums, Oid *index, bool *deferrable);

/* ---- the row that a lock is on (target.c) ---- */

extern bool target_fetch(TableInfo *table, TargetQuery query, const Datum *values,
						 char **key, TransactionId *xmin);
extern char *target_key(TableInfo *table, const Datum *values);
extern void check_may_lock(TableInfo *table, const Datum *values);
extern bool find_row(Oid relid, const char *query, int n, Oid *types, Datum *values, int ncolumns, Datum *row);
extern bool row_visible(Oid relid, const char *key, bool named);
extern bool may_tell(Oid relid, const char *key, bool named);
extern void check_right(Oid relid, TableRight right);
extern void check_may_exclude(Oid relid, void *arg);
extern void check_may_lock_any(const TableInfo *table);
pg_noreturn extern void no_such_row(const TableInfo *table, const Datum *values);

/* ---- lock records (record.c) ---- */

typedef struct Lock
{
	ItemPointerData tid;
	Oid			relation;
	char	   *key;
	int64		token;
	char	   *owner;
	char	   *owner_name;		/* or NULL */
	char	   *client;			/* or NULL */
	bool		hard;
	char	   *note;			/* or NULL */
	TimestampTz acquired_at;
	TimestampTz renewed_at;
	TimestampTz expires_at;
	Interval	ttl;
	TransactionId row_xmin;
	TransactionId confirm_xid;
} Lock;

extern Relation records_open(LOCKMODE lockmode);
extern void record_read_end(TupleTableSlot *slot, Oid *relation, char **key, TimestampTz *expires_at);
extern bool records_touched(void);
extern bool record_find(Relation records, Oid relid, const char *key, Lock *lock);
extern bool record_find_token(Relation records, int64 token, Lock *lock);
typedef struct Probe Probe;

extern bool record_may_exist(Probe **kept, MemoryContext statement, Oid relid, const char *key);
extern List *records_of_keys(Relation records, Oid relid, const List *keys);
extern List *records_of(Relation records, Oid relid);
extern List *records_of_owner(Relation records, const char *owner);
extern int	record_count_live(Relation records, const char *owner, int max);
extern List *records_after(Relation records, int64 *token, int max);
extern bool record_lock(Relation records, Lock *lock, LockTupleMode mode, LockWaitPolicy policy);
extern void record_insert(Relation records, Lock *lock);
extern void record_update(Relation records, Lock *lock);
extern void record_delete(Relation records, Lock *lock);
extern int64 next_token(void);

static inline bool
has_lapsed(const Lock *lock, TimestampTz now)
{
	return lock->expires_at <= now;
}

/* ---- times (lease.c) ---- */

extern TimestampTz clock_now(void);
extern double seconds_until(TimestampTz when, TimestampTz now);
extern Interval *interval_argument(FunctionCallInfo fcinfo, int argno, const char *what);
extern Interval seconds_interval(int seconds);
extern TimestampTz time_after(TimestampTz now, const Interval *span);
extern Interval limited_ttl(const Interval *ttl);
extern TimestampTz lease_end(TimestampTz now, const Interval *ttl);
extern TimestampTz later_end(TimestampTz now, TimestampTz end, TimestampTz other);

/* ---- limits (limit.c) ---- */

/* bytes; the check hook of a setting cannot read another setting */
#define MAX_OWNER_LENGTH 255

extern char *text_argument(FunctionCallInfo fcinfo, int argno, const char *what);
extern char *name_argument(FunctionCallInfo fcinfo, int argno, const char *what);
extern Datum draft_argument(FunctionCallInfo fcinfo, int argno, const char *what);
extern char *stored_owner_name(void);
extern const char *fault_of_owner(const char *owner);
pg_noreturn extern void refuse_number(const char *too_many, const char *hint);
extern void check_number_of_locks(int n);
extern void take_room_for_lock(Relation records);

/* ---- what is told of locks (event.c, report.c) ---- */

typedef enum EventKind
{
	EVENT_ACQUIRED,
	EVENT_RESUMED,
	EVENT_RELEASED,
	EVENT_EXPIRED,
	EVENT_BROKEN,
	EVENT_TAKEN_OVER,
	EVENT_REQUESTED,			/* these two are notified, not kept */
	EVENT_WITHDRAWN
} EventKind;

extern void event_record(EventKind kind, const Lock *lock, const char *reason);
extern int	errtable_by_id(Oid relid);
extern char *clipped(const char *text);
extern void report_locked(int elevel, const Lock *lock, Oid child);
pg_noreturn extern void report_lost(int64 token);
pg_noreturn extern void report_not_yours(int64 token);

/* ---- foreign keys' own actions (referential.c) ---- */

extern bool in_referential_action(Relation rel, HeapTuple old, HeapTuple new);

/* ---- the gate (gate.c) ---- */

extern void gate_init(void);
extern void gate_raise(Oid relid, const char *key, TimestampTz expires_at);
extern uint64 gate_place_of_text(const char *key, int length);

/* See gate_place_of_text(). */
static inline uint64
gate_place_of_integer(int64 key)
{
	return (uint64) key;
}

extern void gate_begin_statement(void);
extern bool gate_says_free(Oid relid, uint64 place, bool lapsed_too);
extern void gate_looked_in_vain(void);

/* ---- undoable work (subtransaction.c) ---- */

typedef bool (*SubtransactionBody) (void *arg);

extern bool in_subtransaction(SubtransactionBody body, void *arg, ErrorData **error);

/* ---- operations other files build on ---- */

extern bool unchanged_since(const Lock *lock, TransactionId xmin);
extern bool lock_still_live(Relation records, Lock *lock, bool below);
extern void release_record(Relation records, Lock *lock, EventKind kind, const char *reason);
extern void release_init(void);
extern void sweep_soon(void);
extern void drop_own_request(Oid relid, const char *key, const char *owner);
extern void save_draft(const Lock *lock, Datum data);
extern void move_papers(Oid relid, const char *old_key, const char *new_key);
extern void argument_not_null(FunctionCallInfo fcinfo, int argno, const char *what);

#pragma GCC visibility pop

#endif							/* LOCKING_H */
