# shellcheck shell=bash
# WAL bytes and memory. Counts do not vary, so one round is enough and commits
# need not wait for the disk.

# The WAL of statements, for each of COUNT. They run twice, since the first
# time writes the full-page images after a checkpoint.
wal_of() { # TASK VARIANT ROUND COUNT STATEMENT...
	local before statement
	local -a commands=(-c 'SET synchronous_commit = off')
	for statement in "${@:5}"; do commands+=(-c "$statement"); done
	sql "${commands[@]}"
	sql -c 'SELECT pg_current_wal_insert_lsn()'
	before=$OUT
	sql "${commands[@]}"
	sql -c "SELECT round(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '$before') / $4, 1)"
	record wal "$1" - "$2" "$3" "$OUT" bytes
}

wal_round() { # ROUND
	local variant
	wal_of 'WAL of acquire + release' bare "$1" 1000 'CALL bench.bare_pairs(1000)'
	wal_of 'WAL of acquire + release' locking "$1" 1000 'CALL bench.locking_pairs(1000)'
	wal_of 'WAL of acquire + release' as-installed "$1" 1000 \
		'SET locking.notify = on' 'SET locking.history = on' 'CALL bench.locking_pairs(1000)'
	wal_of 'WAL of a renewal' bare "$1" 1000 'CALL bench.bare_renewals(1000)'
	wal_of 'WAL of a renewal' locking "$1" 1000 'CALL bench.locking_renewals(1000)'
	for variant in none empty guard plpgsql; do
		sql -c "VACUUM bench.wal_$variant"
		wal_of 'WAL of an UPDATE' "$variant" "$1" 20000 "UPDATE bench.wal_$variant SET v = v + 1"
	done
}

# Private memory of a backend after writing a million rows.
memory_of() { # VARIANT
	local -a write=(-c 'SET synchronous_commit = off' -c "DO 'BEGIN FOR i IN 1..50 LOOP UPDATE bench.wal_$1 SET v = v + 1; COMMIT; END LOOP; END'")
	sql "${write[@]}" -c "SELECT (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s*(\d+)'))[1]"
	record wal 'memory of a backend after 1,000,000 rows' - "$1" 1 "$OUT" 'kB, RssAnon'
	sql "${write[@]}" -c 'SELECT sum(total_bytes) / 1024 FROM pg_backend_memory_contexts'
	record wal 'memory contexts after 1,000,000 rows' - "$1" 1 "$OUT" kB
}

gate_memory() {
	sql -c "SELECT allocated_size FROM pg_shmem_allocations WHERE name LIKE 'locking gate%'"
	record wal "memory of the gate, $GATE_SLOTS slots" - guard 1 "$OUT" bytes
}

wal() {
	local variant
	make_locks
	use on
	progress 'wal: WAL bytes and memory'
	wal_round 1
	for variant in none empty guard plpgsql; do memory_of $variant; done
	gate_memory
}
