# shellcheck shell=bash
# Bulk UPDATE of narrow rows, HOT and on full pages, without any lock.

VARIANTS=(none empty guard moddatetime plpgsql)

# Also for "single".
TABLES_MADE=
make_tables() {
	local cluster
	[ -z "$TABLES_MADE" ] || return 0
	for cluster in on off; do
		progress "tables of $ROWS rows, gate $cluster"
		use $cluster
		sql -v rows="$ROWS" -v variants="${VARIANTS[*]}" -f "$BENCH/sql/tables.sql"
	done
	TABLES_MADE=yes
}

bulk_once() { # SHAPE VARIANT CLUSTER ROUND
	use "$3"
	time_update "bench.$1" "$2" 1
	record bulk "$1" "$3" "$2" "$4" "$(per_row "$OUT" "$ROWS")" 'ns per row'
	sql -c "VACUUM bench.$1"
}

# Each variant in turn, on both shapes, in both clusters.
all_variants() { # WORKLOAD: calls WORKLOAD_once SHAPE VARIANT CLUSTER ROUND
	local round shape variant cluster
	make_tables
	for round in $(seq 0 "$ROUNDS"); do
		progress "$1: round $round of $ROUNDS"
		for shape in hot full; do
			for variant in $(in_turn "$round" "${VARIANTS[@]}"); do
				for cluster in $(in_turn "$round" on off); do
					"$1_once" $shape "$variant" "$cluster" "$round"
				done
			done
		done
	done
}

bulk() { all_variants bulk; }
