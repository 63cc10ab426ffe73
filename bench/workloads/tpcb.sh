# shellcheck shell=bash
# pgbench's own TPC-B script, with one trigger or the other on pgbench_accounts. Committing
# does not wait for the disk, so that a trigger shows.

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
	local rate DATABASE=tpcb
	use "$1"
	use_variant pgbench_accounts "$2"
	run pgbench -M prepared -c "$3" -j $(($3 < 2 ? 1 : 2)) -T "$TPCB_SECONDS" "$DATABASE"
	rate=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' <<<"$OUT")
	record tpcb "$3 clients" "$1" "$2" "$4" "$rate" 'per s'
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
		# the target is about 8, so they are measured more often
		for again in 0 1 2; do
			tpcb_round 8 $((round + again * ROUNDS))
		done
		vacuum_tpcb
	done
}
