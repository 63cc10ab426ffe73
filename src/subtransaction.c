/*
 * subtransaction.c
 *		Work in a subtransaction, whose effects, including row locks, can be
 *		undone.
 */
#include "subtransaction.h"

#include "access/xact.h"
#include "utils/resowner.h"

/*
 * Run "body" in a subtransaction, which is kept if it returns true.  An error
 * is returned in "error", or rethrown if that is NULL.
 */
bool
in_subtransaction(SubtransactionBody body, void *arg, ErrorData **error)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile thrown = NULL;
	volatile bool keep = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		keep = body(arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		thrown = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();

	if (keep)
		ReleaseCurrentSubTransaction();
	else
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (thrown && error == NULL)
		ReThrowError(thrown);
	if (error)
		*error = thrown;
	return keep;
}
