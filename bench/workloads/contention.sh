# shellcheck shell=bash
# 64 clients that acquire the same row, and try again immediately after a
# refusal; those of "waiting" wait in acquire() instead.

CONTENTION_RUNS=(bare:durable locking:durable waiting:durable redis-always:durable
	bare:volatile locking:volatile waiting:volatile advisory:volatile redis-none:volatile)

contention_once() { # SERVICE DURABLE ROUND
	local rate answer lock refused task='64 clients, one row, durable'
	[ "$2" = durable ] || task='64 clients, one row, not durable'
	drive "$1" "$2" release 64 1
	read -r rate answer lock refused <<<"$OUT"
	record contention "$task: acquired" - "$1" "$3" "$rate" 'per s'
	record contention "$task: refused" - "$1" "$3" "$refused" 'per s'
	record contention "$task: answer, 99th percentile" - "$1" "$3" "$answer" ms
	record contention "$task: until acquired, 99th percentile" - "$1" "$3" "$lock" ms
	clean_locks "$1"
}

contention() {
	local round one
	make_locks
	for round in $(seq 0 "$ROUNDS"); do
		progress "contention: round $round of $ROUNDS"
		for one in $(in_turn "$round" "${CONTENTION_RUNS[@]}"); do
			contention_once "${one%:*}" "${one#*:}" "$round"
		done
	done
}
