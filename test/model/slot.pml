/*
 * slot.pml
 *		gate.c:raise_slot, step by step: three who raise the same slot, each to an end of
 *		his own.  Once one is through, the slot is never earlier than what he
 *		raised it to; so lease.pml may take raising for one step.
 */

byte slot;
bool gate_too_early;

proctype Raiser(byte expires_at)
{
	byte now;

	now = slot;			/* pg_atomic_read_u64 */
	do
	:: now < expires_at ->
#ifdef RAISE_NOT_ATOMIC
		slot = expires_at;	/* pg_atomic_write_u64 */
		break
#else
		/* pg_atomic_compare_exchange_u64: or now is what another has made of it */
		atomic {
			if
			:: slot == now -> slot = expires_at; break
			:: slot != now -> now = slot
			fi
		}
#endif
	:: now >= expires_at -> break
	od;
	do
	:: d_step { gate_too_early = slot < expires_at; assert(!gate_too_early) }
	:: break
	od
}

init
{
	atomic { run Raiser(1); run Raiser(2); run Raiser(3) }
}
