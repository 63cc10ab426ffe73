# shellcheck shell=bash
# pgbench's TPC-B script with different triggers on pgbench_accounts. Commits
# do not wait for the disk, so that the cost of a trigger is visible.

TPCB_RUNS=(on:none on:empty on:guard off:guard)

make_tpcb() { # CLUSTER
	local DATABASE=tpcb
	use "$1"
	run createdb "$DATABASE"
	run pgbench -q -i -s "$TPCB_SCALE" "$DATABASE"
	sql -f "$BENCH/sql/setup.sql"
	sql -c "SELECT bench.add_triggers('pgbench_accounts', 'empty', 'guard')" \
		-c "ALTER DATABASE $DATABASE SET synchronous_commit = off" -c CHECKPOINT
}

tpcb_once() { # CLUSTER VARIANT CLIENTS ROUND
	local before after rate transactions DATABASE=tpcb
	use "$1"
	use_variant pgbench_accounts "$2"
	before=$(ticks_of_ended_backends "$1")
	run pgbench -M prepared -c "$3" -j $(($3 < 2 ? 1 : 2)) -T "$TPCB_SECONDS" "$DATABASE"
	rate=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' <<<"$OUT")
	transactions=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' <<<"$OUT")
	wait_for_end_of_clients
	after=$(ticks_of_ended_backends "$1")
	record tpcb "$3 clients" "$1" "$2" "$4" "$rate" 'per s'
	record tpcb "$3 clients: backends' time" "$1" "$2" "$4" \
		"$(per_transaction $((after - before)) "$transactions")" 'us per transaction'
}

# Processor time of the server's processes that have ended, from
# proc_pid_stat(5).
ticks_of_ended_backends() { # CLUSTER
	awk '{ print $16 + $17 }' "/proc/$(head -n 1 "$WORK/$1/postmaster.pid")/stat"
}

wait_for_end_of_clients() {
	OUT=
	until [ "$OUT" = 0 ]; do
		sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'"
	done
}

per_transaction() { # TICKS TRANSACTIONS: us
	awk -v ticks="$1" -v n="$2" -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.3f", ticks / hz * 1e6 / n }'
}

tpcb_round() { # CLIENTS ROUND
	local one
	progress "tpcb: $1 clients, round $2"
	for one in $(in_turn "$2" "${TPCB_RUNS[@]}"); do
		tpcb_once "${one%:*}" "${one#*:}" "$1" "$2"
	done
}

vacuum_tpcb() {
	local cluster DATABASE=tpcb
	for cluster in on off; do
		use $cluster
		sql -c 'VACUUM pgbench_accounts'
	done
}

tpcb() {
	local cluster round clients again
	for cluster in on off; do
		progress "tpcb: scale $TPCB_SCALE, gate $cluster"
		make_tpcb $cluster
	done
	tpcb_round 8 0
	for round in $(seq "$ROUNDS"); do
		for clients in $TPCB_CLIENTS; do
			tpcb_round "$clients" "$round"
		done
		# the target is for 8 clients, so they are measured more often
		for again in 0 1 2; do
			tpcb_round 8 $((round + again * ROUNDS))
		done
		vacuum_tpcb
	done
}
