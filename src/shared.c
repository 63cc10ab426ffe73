/*
 * shared.c
 *		Areas of shared memory.
 *
 * A preloaded library reserves its areas at the start of the server.
 * Otherwise, from PostgreSQL 17 on, the first backend that needs an area
 * creates it in dynamic shared memory, where allocation may fail; before 17
 * there is none.  The name of an area does not include its version: sessions
 * that run different versions of the library must not have separate areas.
 */
#include "shared.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "clock.h"
#include "compat.h"
#include "inject.h"
#include "subtransaction.h"

/* ms between attempts to attach to an area */
#define RETRY_INTERVAL 1000

static SharedArea *areas = NULL;

static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

/* ---- preloaded ---- */

static Size
total_size(void)
{
	Size		size = 0;

	for (SharedArea *area = areas; area; area = area->next)
		size = add_size(size, MAXALIGN(area->size()));
	return size;
}

static void
create_area(SharedArea *area)
{
	bool		found;
	void	   *memory = ShmemInitStruct(area->name, area->size(), &found);

	if (!found)
		area->initialize(memory);
	area->memory = memory;
}

static void
create_areas(void)
{
	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	for (SharedArea *area = areas; area; area = area->next)
		create_area(area);
	LWLockRelease(AddinShmemInitLock);
}

#ifdef HAVE_SHMEM_REQUEST_HOOK
static shmem_request_hook_type prev_shmem_request_hook = NULL;

static void
request_memory(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(total_size());
}
#endif

/* Register an area, in _PG_init(), before shared_init(). */
void
shared_register(SharedArea *area)
{
	area->next = areas;
	areas = area;
}

/* If the library is being preloaded, request the memory of all areas. */
void
shared_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
#ifdef HAVE_SHMEM_REQUEST_HOOK
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
#else
	RequestAddinShmemSpace(total_size());
#endif
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = create_areas;
}

/* ---- not preloaded ---- */

static void
attach_segment(SharedArea *area)
{
#ifdef HAVE_DSM_REGISTRY
	bool		found;
	void	   *memory;

	INJECT("attach");
	memory = GetNamedDSMSegment(area->name, area->size(), area->initialize, &found);
	if (*(uint32 *) memory != area->version)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("sessions of this server run another version of the library \"locking\""),
				 errhint("Restart the server.")));
	area->memory = memory;
#endif
}

/*
 * Attach to an area.  Returns whether there is one, and raises an error if it
 * cannot be attached to.
 */
bool
shared_attach(SharedArea *area)
{
	if (area->memory == NULL && IsUnderPostmaster)
		attach_segment(area);
	return area->memory != NULL;
}

#ifdef HAVE_DSM_REGISTRY
static bool
attach_body(void *arg)
{
	return shared_attach(arg);
}

static void
warn_of_failure(const SharedArea *area, const ErrorData *error)
{
	ereport(area->consequence ? WARNING : DEBUG1,
			(errcode(error->sqlerrcode),
			 errmsg("this session cannot use %s: %s", area->purpose, error->message),
			 area->consequence ? errdetail("%s", area->consequence) : 0,
			 errhint("%s", error->hint ? error->hint : "Restart the server if the library was replaced. Otherwise preload it, or free shared memory.")));
}
#endif

#ifdef HAVE_DSM_REGISTRY
/*
 * Is it time for another attempt to attach?  Memory may be free again, but an
 * attempt costs a subtransaction.
 */
static bool
is_attempt_due(SharedArea *area)
{
	int64		now = clock_monotonic_ms();

	if (area->failed_at != 0 && now - area->failed_at < RETRY_INTERVAL)
		return false;
	area->failed_at = now;
	return true;
}
#endif

/*
 * Attach to an area if possible, in a subtransaction, since a failure may
 * leave locks of the registry held.  Returns false on failure, of which the
 * session is warned once, unless it has no consequence.
 */
bool
shared_try_to_attach(SharedArea *area)
{
#ifdef HAVE_DSM_REGISTRY
	ErrorData  *error = NULL;

	if (area->memory == NULL && is_attempt_due(area) &&
		!in_subtransaction(attach_body, area, &error) && error)
	{
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		{
			area->failed_at = 0;
			ReThrowError(error);
		}
		if (!area->warned)
			warn_of_failure(area, error);
		area->warned = true;
	}
#endif
	return area->memory != NULL;
}
