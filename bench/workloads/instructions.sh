# shellcheck shell=bash
# Instructions, and misses of a first-level instruction cache, of a bulk
# UPDATE, HOT. Counted by callgrind in a single-user backend, so other load
# has no effect.

COUNTED_ROWS=20000

# Tables of each variant, one of them with a partition in which all rows are.
make_counted() { # VARIANT
	local table columns="(id int PRIMARY KEY, v int NOT NULL, modified timestamptz NOT NULL)"
	sql -c "CREATE TABLE bench.counted_$1 $columns WITH (fillfactor = 45)" \
		-c "CREATE TABLE bench.parted_$1 $columns PARTITION BY RANGE (id)" \
		-c "CREATE TABLE bench.part_$1 PARTITION OF bench.parted_$1 FOR VALUES FROM (0) TO (1000000) WITH (fillfactor = 45)"
	for table in "counted_$1" "parted_$1"; do
		sql -c "INSERT INTO bench.$table SELECT g, 0, now() FROM generate_series(1, $COUNTED_ROWS) g" \
			-c "SELECT bench.add_triggers('bench.$table', '$1'), bench.use('bench.$table', '$1')"
	done
	sql -c "VACUUM ANALYZE bench.counted_$1" -c "VACUUM ANALYZE bench.part_$1"
}

# Sets OUT to the instructions and misses of a backend that runs one
# statement.
count_backend() { # STATEMENT
	local data=$WORK/counted
	run bash -c 'cd "$1" && echo "$2" >"$1.sql" && rm -f "$1.callgrind" &&
		valgrind -q --tool=callgrind --cache-sim=yes --callgrind-out-file="$1.callgrind" \
			postgres --single -D "$1" bench <"$1.sql"' - "$data" "$1"
	# the events in the order Ir Dr Dw I1mr ...
	OUT=$(awk '/^totals:/ { print $2, $5 }' "$data.callgrind")
}

count_variant() { # VARIANT TABLE TASK-SUFFIX
	local all idle
	count_backend "UPDATE bench.$2 SET v = v + 1"
	read -ra all <<<"$OUT"
	count_backend "UPDATE bench.$2 SET v = v + 1 WHERE id = 1"
	read -ra idle <<<"$OUT"
	record instructions "instructions$3" on "$1" 1 $(((all[0] - idle[0]) / (COUNTED_ROWS - 1))) 'per row'
	record instructions "instruction cache misses$3" on "$1" 1 $(((all[1] - idle[1]) / (COUNTED_ROWS - 1))) 'per row'
}

instructions() {
	local variant
	need_packages valgrind
	start_bench_cluster counted on "$GATE_SLOTS"
	use counted
	for variant in "${VARIANTS[@]}"; do make_counted "$variant"; done
	stop_cluster counted
	for variant in "${VARIANTS[@]}"; do
		progress "instructions: $variant"
		count_variant "$variant" "counted_$variant" ''
		count_variant "$variant" "part_$variant" ', of a partition'
	done
	stop_clusters counted
	use on
}
