/*
 * slot.pml
 *		bucket.c:slot_raise, step by step: three backends raise the same slot
 *		to different values.  After a backend has finished, the slot is never
 *		below its value.  So bucket.pml and lease.pml may model raising as a
 *		single step.
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
		/*
		 * pg_atomic_compare_exchange_u64; on failure it returns the current
		 * value
		 */
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
