/*
 * record.h
 *		Lock records: rows of locking.lock.
 */
#ifndef LOCKING_RECORD_H
#define LOCKING_RECORD_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/lockoptions.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#pragma GCC visibility push(hidden)

/* A lock, as its record describes it. */
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
	bool		lost;			/* written past by another owner (rule 5) */
	bool		handed_over;	/* and not taken yet by the new holder */
} Lock;

/* A search for records that is kept open for a statement. */
typedef struct Probe Probe;

extern Relation records_open(LOCKMODE lockmode);

extern bool record_find(Relation records, Oid relid, const char *key, Lock *lock);
extern bool record_find_token(Relation records, int64 token, Lock *lock);
extern bool record_may_exist(Probe **kept, MemoryContext statement, Oid relid, const char *key);
extern List *records_of_keys(Relation records, Oid relid, const List *keys);
extern List *records_of(Relation records, Oid relid);
extern List *records_of_owner(Relation records, const char *owner);
extern int	compare_rows(const ListCell *a, const ListCell *b);
extern List *records_after(Relation records, int64 *token, int max);
extern int	record_count_live(Relation records, const char *owner, int max);

extern bool record_lock(Relation records, Lock *lock, LockTupleMode mode, LockWaitPolicy policy);
extern void record_insert(Relation records, Lock *lock);
extern void record_update(Relation records, Lock *lock);
extern void record_delete(Relation records, Lock *lock);
extern bool record_delete_unchanged(Relation records, const Lock *lock);
extern bool records_refer_to_transaction(void);
extern void note_reference_to_transaction(void);

#pragma GCC visibility pop

#endif							/* LOCKING_RECORD_H */
