/*
 * init.c
 *		Module initialization.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "catalog.h"
#include "compat.h"
#include "gate.h"
#include "locking.h"
#include "notification.h"
#include "own_write.h"
#include "owner_scope.h"
#include "sequence.h"
#include "shared.h"
#include "statement.h"
#include "stats.h"
#include "sweep.h"
#include "table.h"
#include "waiting.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	define_settings();
	gate_init();
	waiting_init();
	stats_init();
	notification_init();
	sequence_register();
	shared_init();
	MarkGUCPrefixReserved("locking");

	catalog_init();
	sequence_init();
	table_init();
	sweep_init();
	own_write_init();
	statement_init();
	owner_scope_init();
}
